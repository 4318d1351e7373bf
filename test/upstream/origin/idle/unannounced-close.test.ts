import { stat } from "node:fs";
import type { Socket } from "node:net";

import { spawnFaultyUpstream, type SpawnedUpstreamOptions } from "@reissue/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { got, posted } from "../../../support/upstream/requests.ts";
import { client } from "../../../support/upstream/client.ts";
import { eventLog } from "../../../support/upstream/event-log.ts";
import { onHead, rawServer } from "../../../support/upstream/servers/raw-server.ts";

const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const calls = Array.from({ length: 30 });

/** Answers each request on a connection, and does something more with the answer whose number is a multiple of `every`. */
function answering(every: number, finish: (socket: Socket) => void): (socket: Socket) => void {
  return (socket) => {
    let served = 0;
    const serve = (): void => {
      served += 1;
      if (served % every === 0) return finish(socket);
      socket.write(answer);
      onHead(socket, serve);
    };
    onHead(socket, serve);
  };
}

const closing = [
  ["with it", 1, (socket: Socket) => void socket.end(answer)],
  ["with it, each fifth", 5, (socket: Socket) => void socket.end(answer)],
  ["once it is out", 1, (socket: Socket) => void socket.write(answer, () => socket.destroy())],
] as const;

/** Servers that close a connection after an answer, and do not say so. */
describe.each(closing)("a POST and the end of a connection that comes %s", (...row) => {
  const [, every, finish] = row;

  test.each([1, 4, Infinity])(
    "never meet if the POSTs follow each other on %d connections",
    async (connections) => {
      const server = await rawServer(answering(every, finish));
      const upstream = client({ connections });
      for (const _ of calls) expect(await posted(upstream, server.origin)).toBe("ok");
    },
  );

  test.each([1, 4])(
    "never meet if the POSTs wait in line for %d connections",
    async (connections) => {
      const server = await rawServer(answering(every, finish));
      const upstream = client({ connections });
      const all = await Promise.all(calls.map(() => posted(upstream, server.origin)));
      expect(new Set(all)).toEqual(new Set(["ok"]));
    },
  );
});

/** Holds the event loop up. */
function stall(ms: number): void {
  // real time: the server is another process, whose clock is its own
  const until = performance.now() + ms;
  while (performance.now() < until);
}

async function spawned(options: SpawnedUpstreamOptions): Promise<string> {
  const upstream = await spawnFaultyUpstream(options);
  onTestFinished(() => upstream.close());
  return upstream.origin;
}

test.each([1, 8])(
  "POSTs from another process, %d at a time, do not meet such a close once it is known",
  async (concurrency) => {
    const origin = await spawned({ faults: [{ fault: "answer-then-close", with: "fin" }] });
    const upstream = client();
    const errors: unknown[] = [];
    const callers = Array.from({ length: concurrency }, async () => {
      for (let call = 0; call < 160 / concurrency; call += 1) {
        await posted(upstream, origin).catch((error: unknown) => errors.push(error));
      }
    });
    await Promise.all(callers);
    // A busy machine may keep the other process from its close for longer than any turn, the first time.
    expect(errors.length).toBeLessThanOrEqual(concurrency);
  },
);

test("a POST does not meet a close that came while the event loop was blocked", async () => {
  const origin = await spawned({ idleTimeoutMs: 60 });
  for (let round = 0; round < 3; round += 1) {
    const upstream = client();
    const log = eventLog();
    await posted(upstream, origin);
    await new Promise(setImmediate);
    // From a callback of the poll phase, which the next turn begins behind.
    const second = new Promise<string>((resolve, reject) => {
      stat(".", () => {
        stall(150);
        posted(upstream, origin).then(resolve, reject);
      });
    });
    expect(await second).toBe("ok");
    expect(log.records.at(-1)).toMatchObject({ reused: false, status: 200 });
  }
});

test("a queued POST that gets the connection as soon as the loop continues does not meet the close either", async () => {
  const origin = await spawned({ idleTimeoutMs: 60 });
  for (let round = 0; round < 3; round += 1) {
    const upstream = client({ connections: 1 });
    const log = eventLog();
    const first = upstream.request(origin, { method: "POST" });
    const second = posted(upstream, origin);
    const { body } = await first;
    // Here the end of the response has been received and not yet been read.
    stall(150);
    await body.dump();
    expect(await second).toBe("ok");
    expect(log.records.at(-1)).toMatchObject({ reused: false, status: 200 });
  }
});

/** A server that keeps its connections. */
const keeping = answering(Infinity, () => {});

test("sequential POSTs take turns on two connections", async () => {
  const server = await rawServer(keeping);
  const upstream = client();
  for (const _ of calls) await posted(upstream, server.origin);
  expect(server.connections).toBe(2);
});

test("sequential GETs share one connection", async () => {
  const server = await rawServer(keeping);
  const upstream = client();
  for (const _ of calls) await got(upstream, server.origin);
  expect(server.connections).toBe(1);
});

test("queued POSTs share the existing connections", async () => {
  const server = await rawServer(keeping);
  const upstream = client({ connections: 3 });
  await Promise.all(calls.map(() => posted(upstream, server.origin)));
  expect(server.connections).toBe(3);
});

test("POSTs of several callers use one connection more than there are callers", async () => {
  const server = await rawServer(keeping);
  const upstream = client();
  const callers = Array.from({ length: 6 }, async () => {
    for (const _ of calls) await posted(upstream, server.origin);
  });
  await Promise.all(callers);
  expect(server.connections).toBeLessThanOrEqual(8);
});

test("a connection that dies right after its response costs a few further connections, and not one for each request", async () => {
  const server = await rawServer((socket, number) => {
    if (number === 1) onHead(socket, () => socket.end(answer));
    else keeping(socket);
  });
  const upstream = client();
  for (const _ of calls) await posted(upstream, server.origin);
  expect(server.connections).toBeLessThanOrEqual(6);
});
