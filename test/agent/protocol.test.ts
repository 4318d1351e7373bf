import { once, type EventEmitter } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { connect, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { HttpsAgent, withReissue } from "@reissue/agent";
import { faultyUpstream } from "@reissue/testing";
import { HttpProxyAgent } from "hpagent";
import { HttpsProxyAgent } from "https-proxy-agent";
import { expect, onTestFinished, test } from "vitest";

import { agentWith, kept } from "../support/agent/agents.ts";
import { begin, call, failure, replyTo } from "../support/agent/call.ts";
import { certificate } from "../support/upstream/servers/certificate.ts";
import { onHead, rawServer } from "../support/upstream/servers/raw-server.ts";
import { tlsServer } from "../support/upstream/servers/tls-server.ts";

/** What of ws is used here; it comes without types. */
interface Ws extends EventEmitter {
  readonly _socket: Socket;
  send(data: unknown): void;
  terminate(): void;
}

const { WebSocket, WebSocketServer } = createRequire(import.meta.url)("ws") as {
  readonly WebSocket: new (url: string, options: object) => Ws;
  readonly WebSocketServer: new (options: object) => EventEmitter & {
    handleUpgrade(
      request: IncomingMessage,
      socket: Socket,
      head: Buffer,
      use: (socket: Ws) => void,
    ): void;
  };
};

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A server of node:http's whose first connection dies under its second request. */
async function dyingServer(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  let deaths = 1;
  const served = new WeakMap<Socket, number>();
  const dies = ({ socket }: IncomingMessage): boolean => {
    const count = (served.get(socket) ?? 0) + 1;
    served.set(socket, count);
    if (count !== 2 || deaths === 0) return false;
    deaths -= 1;
    socket.resetAndDestroy();
    return true;
  };
  const server = createServer((request, response) => {
    if (!dies(request)) listener(request, response);
  });
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    if (dies(request)) return;
    response.writeContinue();
    listener(request, response);
  });
  server.listen(0, "127.0.0.1");
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a body that waits for 100-continue waits for the one of the second connection", async () => {
  const received: number[] = [];
  const origin = await dyingServer((request, response) => {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => (bytes += chunk.length));
    request.on("end", () => {
      received.push(bytes);
      response.end("ok");
    });
  });
  const agent = agentWith();
  await call(origin, { agent });
  const request = begin(origin, { agent, method: "PUT", headers: { Expect: "100-continue" } });
  request.flushHeaders();
  await once(request, "continue");
  request.end("x".repeat(5000));
  expect((await replyTo(request)).body).toBe("ok");
  expect(received).toEqual([0, 5000]);
});

test("a request whose 1xx response has come is not sent again, and its error says why", async () => {
  const upstream = await rawServer((socket) => {
    onHead(socket, () => {
      socket.write(ok);
      onHead(socket, () => {
        socket.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
        // real time: the reset must follow the 103 in a packet of its own
        setTimeout(() => socket.resetAndDestroy(), 10);
      });
    });
  });
  const agent = agentWith();
  await call(upstream.origin, { agent });
  const request = begin(upstream.origin, { agent });
  const informed = once(request, "information");
  const failed = failure(replyTo(request));
  request.end();
  await informed;
  const { code, reissue } = await failed;
  expect(code).toBe("ECONNRESET");
  expect(reissue).toMatchObject({ delivery: "unknown", reason: "response-started", resends: 0 });
  expect(upstream.connections).toBe(1);
});

test(`a response that is cut goes to the client, and its error says "delivered"`, async () => {
  const upstream = await faultyUpstream();
  onTestFinished(() => upstream.close());
  const agent = agentWith();
  await call(upstream.origin, { agent });
  upstream.script([{ fault: "cut-body" }]);
  const error = await failure(call(upstream.origin, { agent }));
  expect(error.code).toBe("ECONNRESET");
  expect(upstream.requests).toHaveLength(2);
});

test("trailers and 103 come through after a resend", async () => {
  const origin = await dyingServer((_request, response) => {
    response.writeEarlyHints({ link: "</style.css>; rel=preload" });
    response.writeHead(200, { trailer: "x-sum" });
    response.write("ok");
    response.addTrailers({ "x-sum": "1" });
    response.end();
  });
  const agent = agentWith();
  await call(origin, { agent });
  const request = begin(origin, { agent });
  const hints: unknown[] = [];
  request.on("information", (info) => hints.push(info.statusCode));
  request.end();
  const { response } = await replyTo(request);
  expect(response.trailers).toEqual({ "x-sum": "1" });
  expect(hints).toEqual([103]);
});

test("a WebSocket gets its socket untouched, also if its handshake is sent again", async () => {
  let deaths = 0;
  const server = createServer((_request, response) => response.end("ok"));
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on("connection", (socket: Ws) => socket.on("message", (data) => socket.send(data)));
  server.on("upgrade", (request, socket: Socket, head) => {
    if (deaths === 0) {
      deaths += 1;
      return void socket.resetAndDestroy();
    }
    sockets.handleUpgrade(request, socket, head, (each) => sockets.emit("connection", each));
  });
  server.listen(0, "127.0.0.1");
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const agent = agentWith();
  await call(`http://127.0.0.1:${port}`, { agent });
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { agent });
  onTestFinished(() => client.terminate());
  await once(client, "open");
  client.send("hello");
  const [data] = await once(client, "message");
  expect(String(data)).toBe("hello");
  expect(deaths).toBe(1);
  const raw = client._socket;
  for (const name of ["emit", "write", "destroy", "uncork"])
    expect(Object.hasOwn(raw, name)).toBe(false);
  expect(Object.values(agent.sockets).flat()).toEqual([]);
});

test("a request over a Unix socket is resent", async () => {
  const path = join(tmpdir(), `reissue-agent-${process.pid}.sock`);
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    if (requests === 2) request.socket.destroy();
    else response.end("ok");
  }).listen(path);
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, "listening");
  const agent = agentWith();
  await call("http://localhost", { agent, socketPath: path });
  expect((await call("http://localhost", { agent, socketPath: path })).body).toBe("ok");
  expect(requests).toBe(3);
});

/** A proxy that tunnels, and counts. */
async function proxy(): Promise<{ readonly url: string; readonly tunnels: Socket[] }> {
  const tunnels: Socket[] = [];
  const server = createServer();
  server.on("connect", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const [host, port] = request.url!.split(":");
    tunnels.push(socket);
    const upstream = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    for (const each of [socket, upstream]) each.on("error", () => {});
    socket.on("close", () => upstream.destroy());
    upstream.on("close", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  onTestFinished(() => {
    for (const each of tunnels) each.destroy();
    server.close();
  });
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tunnels };
}

test("a request through https-proxy-agent's CONNECT tunnel is resent", async () => {
  const own = certificate();
  let requests = 0;
  const upstream = await tlsServer(own, (_request, response) => {
    requests += 1;
    if (requests === 2) upstream.resetLast();
    else response.end("ok");
  });
  const { url, tunnels } = await proxy();
  const agent = kept(new (withReissue(HttpsProxyAgent))(url, { ca: own.cert, keepAlive: true }));
  const options = { agent, protocol: "https:", ca: own.cert };
  await call(upstream.origin, options);
  expect((await call(upstream.origin, options)).body).toBe("ok");
  expect(requests).toBe(3);
  expect(tunnels).toHaveLength(2);
});

test("a request through hpagent's CONNECT tunnel is resent", async () => {
  const upstream = await faultyUpstream();
  onTestFinished(() => upstream.close());
  const { url, tunnels } = await proxy();
  const agent = kept(new (withReissue(HttpProxyAgent))({ proxy: url, keepAlive: true }));
  await call(upstream.origin, { agent });
  upstream.script([{ fault: "reset" }]);
  expect((await call(upstream.origin, { agent })).status).toBe(200);
  expect(tunnels).toHaveLength(2);
});

test("a request with a client certificate is resent", async () => {
  const own = certificate();
  const clients = certificate();
  let requests = 0;
  const upstream = await tlsServer(
    { ...own, ca: clients.cert, requestCert: true, rejectUnauthorized: true },
    (_request, response) => {
      requests += 1;
      if (requests === 2) upstream.resetLast();
      else response.end("ok");
    },
  );
  const agent = kept(new HttpsAgent({ ca: own.cert, cert: clients.cert, key: clients.key }));
  await call(upstream.origin, { agent });
  expect((await call(upstream.origin, { agent })).body).toBe("ok");
  expect(requests).toBe(3);
  const strange = kept(new HttpsAgent({ cert: clients.cert, key: clients.key }));
  const { reissue } = await failure(call(upstream.origin, { agent: strange }));
  expect(reissue).toMatchObject({ delivery: "unsent", reason: "condition-not-listed" });
});
