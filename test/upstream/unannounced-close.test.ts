import { describe, expect, test } from "vitest";

import { posted } from "./asked.ts";
import { client } from "./client.ts";
import { eventLog } from "./event-log.ts";
import { rawServer } from "./raw-server.ts";

const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const calls = Array.from({ length: 30 });

/** A server that closes each connection with its answer, and does not say so. */
describe("a POST does not meet the end of a connection that came with the answer before", () => {
  test.each([1, 4, Infinity])("one after the other, with %d connections", async (connections) => {
    const server = await rawServer((socket) => socket.once("data", () => socket.end(answer)));
    const upstream = client({ connections });
    const log = eventLog();
    for (const _ of calls) expect(await posted(upstream, server.origin)).toBe("ok");
    expect(log.decisions).toEqual([]);
  });

  test.each([1, 4])("in line, with %d connections", async (connections) => {
    const server = await rawServer((socket) => socket.once("data", () => socket.end(answer)));
    const upstream = client({ connections });
    const log = eventLog();
    const all = await Promise.all(calls.map(() => posted(upstream, server.origin)));
    expect(new Set(all)).toEqual(new Set(["ok"]));
    expect(log.decisions).toEqual([]);
  });
});

test("POSTs one after the other still share one connection", async () => {
  const server = await rawServer((socket) => socket.on("data", () => socket.write(answer)));
  const upstream = client();
  for (const _ of calls) await posted(upstream, server.origin);
  expect(server.connections).toBe(1);
});

test("POSTs in line still share the connections there are", async () => {
  const server = await rawServer((socket) => socket.on("data", () => socket.write(answer)));
  const upstream = client({ connections: 3 });
  await Promise.all(calls.map(() => posted(upstream, server.origin)));
  expect(server.connections).toBe(3);
});
