import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline as joined } from "node:stream/promises";

import { pipeline, request, stream, upgrade } from "undici";
import { expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";
import { onHead, rawServer } from "../../support/upstream/servers/raw-server.ts";

test("undici.request() resends, and passes trailers and informational responses on", async () => {
  const server = await rawServer((socket, number) => {
    onHead(socket, () => {
      if (number === 1) return void socket.resetAndDestroy();
      socket.write("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n");
      socket.write("2\r\nok\r\n0\r\nx-sum: 9\r\n\r\n");
    });
  });
  const { dispatcher } = outbound();
  const infos: number[] = [];
  const answer = await request(server.origin, {
    dispatcher,
    onInfo: ({ statusCode }) => void infos.push(statusCode),
  });
  expect(await answer.body.text()).toBe("ok");
  expect(answer.trailers).toEqual({ "x-sum": "9" });
  expect(infos).toEqual([103]);
  expect(server.connections).toBe(2);
});

test("undici.stream() writes the one complete response, after a resend", async () => {
  const server = await opened();
  const { dispatcher } = outbound();
  server.script([null, { fault: "reset" }]);
  for (let index = 0; index < 2; index += 1) {
    const sink = new PassThrough();
    const written = text(sink);
    await stream(server.origin, { dispatcher, method: "GET" }, () => sink);
    expect(await written).toBe("ok");
  }
  expect(server.requests.map(({ nth }) => nth)).toEqual([1, 2, 1]);
});

test("undici.pipeline() sends what is written to it, and reads as the response", async () => {
  const server = await opened({ respond: ({ body }) => ({ body: `got ${body?.toString()}` }) });
  const { dispatcher } = outbound();
  const sink = new PassThrough();
  const written = text(sink);
  await joined(
    Readable.from([Buffer.from("ab"), Buffer.from("cd")]),
    pipeline(server.origin, { dispatcher, method: "POST" }, ({ body }) => body),
    sink,
  );
  expect(await written).toBe("got abcd");
  await dispatcher.close();
  await server.until(({ open }) => open === 0);
});

test("undici.upgrade() hands the socket over, and the pool removes it", async () => {
  const server = await rawServer((socket) => {
    onHead(socket, () => {
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n",
      );
      socket.on("data", (data) => socket.write(data));
    });
  });
  const { dispatcher } = outbound({ connections: 1 });
  const first = await upgrade(server.origin, { dispatcher, protocol: "echo" });
  const second = await upgrade(server.origin, { dispatcher, protocol: "echo" });
  for (const { socket } of [first, second]) {
    socket.write("hello");
    const [data] = (await once(socket, "data")) as [Buffer];
    expect(data.toString()).toBe("hello");
  }
  await dispatcher.close();
  expect(server.open.size).toBe(2);
  for (const { socket } of [first, second]) socket.destroy();
});

test("undici.connect() opens a tunnel", async () => {
  const server = await rawServer((socket) => {
    onHead(socket, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.on("data", (data) => socket.write(data));
    });
  });
  const { dispatcher } = outbound();
  const { statusCode, socket } = await dispatcher.connect({
    origin: server.origin,
    path: "db:5432",
  });
  expect(statusCode).toBe(200);
  socket.write("hello");
  const [data] = (await once(socket, "data")) as [Buffer];
  expect(data.toString()).toBe("hello");
  expect(server.received[0]).toMatch(/^CONNECT db:5432 HTTP\/1.1/);
  socket.destroy();
  await dispatcher.close();
});

test("an upgrade that meets a refused connect is tried again", async () => {
  const refusing = await opened();
  await refusing.refuse();
  const { dispatcher } = outbound({ retry: { unsentWindowMs: 60 } });
  await expect(upgrade(refusing.origin, { dispatcher, protocol: "echo" })).rejects.toMatchObject({
    code: "ERR_REISSUE_UPSTREAM_UNSENT",
  });
});
