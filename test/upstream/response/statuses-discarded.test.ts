import type { Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { impatient } from "../../support/upstream/client.ts";
import { rawServer, type RawServer } from "../../support/upstream/servers/raw-server.ts";

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Answers 503 to the first request, with what `answer` writes, and 200 to all others. */
function busyOnce(answer: (socket: Socket) => void): Promise<RawServer> {
  let requests = 0;
  return rawServer((socket) => {
    socket.on("data", () => {
      requests += 1;
      if (requests === 1) answer(socket);
      else socket.write(ok);
    });
  });
}

async function get(upstream: ReturnType<typeof impatient>, origin: string): Promise<string> {
  const { statusCode, body } = await upstream.request(origin, {
    signal: AbortSignal.timeout(1000),
  });
  return `${statusCode} ${await body.text()}`;
}

test("a long discarded response does not hold the only connection", async () => {
  const body = "x".repeat(1 << 20);
  const server = await opened({ faults: [{ fault: "status", body, times: 2 }] });
  const upstream = impatient({ connections: 1 });
  for (let round = 0; round < 3; round += 1)
    expect(await get(upstream, server.origin)).toBe("200 ok");
  expect(server.requests).toHaveLength(5);
});

test.each<[string, (socket: Socket) => void]>([
  ["never comes", (socket) => socket.write("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\n")],
  [
    "stops in the middle",
    (socket) => socket.write("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbu"),
  ],
  [
    "drips for ever",
    (socket) => {
      socket.write("HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n");
      // real time: a response that never ends, slowly
      const timer = setInterval(() => socket.write("1\r\nx\r\n"), 20);
      socket.on("close", () => clearInterval(timer));
    },
  ],
])("a discarded response whose body %s does not block the pool", async (_what, answer) => {
  const server = await busyOnce(answer);
  const upstream = impatient({ connections: 1 });
  expect(await get(upstream, server.origin)).toBe("200 ok");
  expect(await get(upstream, server.origin)).toBe("200 ok");
  await upstream.close();
  await server.until(({ open }) => open.size === 0);
});

test("a discarded response that is cut closes only its own connection", async () => {
  const server = await busyOnce((socket) => {
    socket.write("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbu");
    // real time: the first part must be read before the reset
    void setTimeout(5).then(() => socket.resetAndDestroy());
  });
  const upstream = impatient();
  expect(await get(upstream, server.origin)).toBe("200 ok");
  // real time: the connection's end must have been read
  await setTimeout(20);
  expect(await get(upstream, server.origin)).toBe("200 ok");
  expect(server.connections).toBe(2);
  expect(server.open.size).toBe(1);
});

test("no request follows a discarded response with Connection: close on that connection", async () => {
  const server = await busyOnce((socket) => {
    socket.write("HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy");
  });
  expect(await get(impatient({ connections: 1 }), server.origin)).toBe("200 ok");
  expect(server.connections).toBe(2);
  expect(server.received[0]?.match(/GET /g)).toHaveLength(1);
});
