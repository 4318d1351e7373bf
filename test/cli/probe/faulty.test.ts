import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";

import { createUpstream } from "@reissue/upstream";
import { HttpAgent } from "@reissue/agent";
import { describe, expect, onTestFinished, test } from "vitest";

import { listening } from "../../support/listen.ts";
import { onHead, rawServer } from "../../support/upstream/servers/raw-server.ts";
import { opened } from "../../testing/opened.ts";
import { cli, json } from "../run-cli.ts";

/** Bounds that keep a test short. */
const short = ["--max-idle", "800ms", "--max-requests", "5", "--timeout", "2s"];

/** The same run with `--json` and without, at once. */
const both = (args: readonly string[]) => Promise.all([json(args), cli(args)]);

describe("idle connections", () => {
  test("are measured if the server closes them by FIN, by RST, or after a 408", async () => {
    await Promise.all(
      (["fin", "rst", "408"] as const).map(async (idleClose) => {
        const { origin } = await opened({ idleTimeoutMs: 400, idleClose });
        const { exitCode, result } = await json(["probe", origin, ...short]);
        expect([exitCode, result.closesAfterResponse]).toEqual([0, null]);
        const by = idleClose === "rst" ? "rst" : "fin";
        const with408 = idleClose === "408";
        expect(result.idle).toMatchObject({ type: "closes", by, with408 });
        expect(result.idle.fromMs).toBeGreaterThan(350);
        expect(result.idle.fromMs).toBeLessThan(700);
        expect(result.requestsPerConnection).toEqual({ type: "at-least", count: 5 });
      }),
    );
  });

  test("are watched as long as planned if the server keeps them, whatever it promises", async () => {
    const { origin } = await opened({ keepAliveHint: "timeout=3600" });
    const { result } = await json(["probe", origin, ...short]);
    expect(result.idle).toEqual({ type: "keeps", atLeastMs: 800 });
    expect(result.keepAliveHint).toMatchObject({ timeoutMs: 3_600_000, isTrue: null });
    expect(result.silentConnection.type).toBe("open");
  });

  test("are measured by bisection if they are silently dropped", { timeout: 20_000 }, async () => {
    const dropsMs = 250;
    const server = await rawServer((socket) => dropping(socket, dropsMs));
    const args = ["--max-idle", "800ms", "--max-requests", "1", "--timeout", "2s"];
    const { result } = await json(["probe", server.origin, ...args]);
    expect(result.idle.type).toBe("drops");
    expect(result.idle.fromMs).toBeLessThanOrEqual(dropsMs);
    expect(result.idle.toMs).toBeGreaterThanOrEqual(dropsMs);
    // The first round alone leaves 200 to 400 ms.
    expect(result.idle.toMs - result.idle.fromMs).toBeLessThan(150);
  });
});

/** Responds, and resets a connection that was idle for longer once the next request comes, as a NAT gateway does. */
function dropping(socket: Socket, dropsMs: number): void {
  let idleSince: number | null = null;
  socket.on("data", () => {
    if (idleSince !== null && performance.now() - idleSince > dropsMs) {
      socket.resetAndDestroy();
      return;
    }
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    idleSince = performance.now();
  });
}

describe("the Keep-Alive hint", () => {
  test("is false if it is longer than connections are kept", async () => {
    const { origin } = await opened({ keepAliveHint: "timeout=1", idleTimeoutMs: 300 });
    const [{ result }, { stdout }] = await both(["probe", origin, ...short]);
    expect(result.keepAliveHint).toEqual({ value: "timeout=1", timeoutMs: 1000, isTrue: false });
    expect(stdout).toContain("timeout=1, which is not true");
  });

  test("is true on the server of Node", async () => {
    const origin = await listening((_request, response) => response.end("ok"), {
      keepAliveTimeout: 1000,
    });
    const { result } = await json(["probe", origin, ...short, "--max-idle", "3s"]);
    expect(result.keepAliveHint).toEqual({ value: "timeout=1", timeoutMs: 1000, isTrue: true });
    // Newer versions of Node keep a connection for a second longer than they say.
    expect(result.idle.fromMs).toBeGreaterThan(900);
    expect(result.idle.toMs).toBeLessThan(2600);
  });
});

describe("a server that ends connections", () => {
  test("is reported if it ends them after each response, and says so", async () => {
    const origin = await listening((_request, response) => {
      response.setHeader("connection", "close").end("ok");
    });
    const { result } = await json(["probe", origin, ...short]);
    expect(result).toMatchObject({
      closesAfterResponse: "announced",
      idle: null,
      requestsPerConnection: { type: "limit", count: 1, announced: true },
      settings: { idleMs: null, code: [] },
    });
  });

  test("is reported if it ends them after each response, without saying so", async () => {
    const server = await rawServer((socket) => {
      onHead(socket, () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
    });
    const { result } = await json(["probe", server.origin, ...short]);
    expect(result).toMatchObject({ closesAfterResponse: "unannounced", idle: null });
  });

  test("is reported if it ends them after a number of requests", async () => {
    const answer: RequestListener = (_request, response) => void response.end("ok");
    const server = createServer({ keepAliveTimeout: 300 }, answer).listen(0, "127.0.0.1");
    server.maxRequestsPerSocket = 3;
    onTestFinished(() => server.close().closeAllConnections());
    await once(server, "listening");
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { result } = await json(["probe", origin, ...short]);
    expect(result.requestsPerConnection).toEqual({ type: "limit", count: 3, announced: true });
  });
});

test("a probe opens only as many connections, and sends only as many requests, as it says", async () => {
  const upstream = await opened({ idleTimeoutMs: 300 });
  const args = ["--connections", "4", "--method", "HEAD", "--path", "/health"];
  const { result } = await json(["probe", upstream.origin, ...short, ...args]);
  // Those that are idle, one that carries requests, one that carries none.
  expect(result.used.connections).toBe(6);
  expect(upstream.requests).toHaveLength(result.used.requests);
  expect(result.used.requests).toBeLessThanOrEqual(4 + 2 + 5);
  const kinds = new Set(upstream.requests.map(({ method, path }) => `${method} ${path}`));
  expect([...kinds]).toEqual(["HEAD /health"]);
});

test("the printed settings are options of the client and of the agent", async () => {
  const { origin } = await opened({ idleTimeoutMs: 500 });
  const [{ result }, { stdout }] = await both(["probe", origin, ...short]);
  const { idleMs, unsafeIdleMs, code } = result.settings;
  expect(idleMs).toBeLessThan(result.idle.fromMs);
  const client = createUpstream({ origins: { [origin]: { idleMs, unsafeIdleMs } } });
  onTestFinished(() => client.close());
  new HttpAgent({ reissue: { idleMs, unsafeIdleMs } }).destroy();
  expect(code).toHaveLength(2);
  expect(stdout).toMatch(/createUpstream\(\{ origins: .* idleMs: \d+, unsafeIdleMs: \d+ /);
});

test("a probe that is interrupted closes its connections at once", async () => {
  const server = await rawServer((socket) => dropping(socket, Infinity));
  const interrupt = new AbortController();
  const running = cli(["probe", server.origin], { signal: interrupt.signal });
  await server.until(({ open }) => open.size === 10, 5000);
  interrupt.abort(130);
  expect(await running).toMatchObject({ exitCode: 130, stdout: "" });
  await server.until(({ open }) => open.size === 0, 5000);
});

describe("a server that does not speak HTTP", () => {
  test.each<[string, (socket: Socket) => void]>([
    ["that speaks first", (socket) => socket.write("220 smtp ready\r\n")],
    ["that closes", (socket) => socket.end()],
    ["that resets", (socket) => onHead(socket, () => socket.resetAndDestroy())],
    ["that is silent", () => {}],
  ])("is reported: one %s", async (_name, script) => {
    const server = await rawServer(script);
    const args = ["probe", server.origin, "--timeout", "300ms"];
    const { exitCode, stderr } = await cli(args);
    expect(exitCode).toBe(5);
    expect(stderr).toContain("does not respond in HTTP");
  });

  test("is reported if it speaks TLS", async () => {
    const server = await rawServer((socket) => {
      socket.on("data", () => socket.end(Buffer.of(21, 3, 1, 0, 2, 2, 70)));
    });
    const plain = await cli(["probe", server.origin, "--timeout", "500ms"]);
    expect(plain.stderr).toContain("If the port speaks TLS: https:");
  });
});
