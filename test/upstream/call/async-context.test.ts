import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";

import { manualClock } from "@reissue/testing";
import type { Upstream } from "@reissue/upstream";
import { type Dispatcher, request, interceptors } from "undici";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { certificate } from "../../support/upstream/servers/certificate.ts";
import { contextLog } from "../../support/upstream/context-log.ts";
import { h2Server, ok } from "../../support/upstream/servers/h2-server.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";
import { onHead, rawServer } from "../../support/upstream/servers/raw-server.ts";

const caller = new AsyncLocalStorage<string>();

/** Calls as a user of that name, which is also in the path, and reads the response to its end. */
function as(
  name: string,
  upstream: Upstream,
  origin: string,
  options: Parameters<Upstream["request"]>[1] = {},
): Promise<string> {
  return caller.run(name, async () => {
    const { body } = await upstream.request(`${origin}/${name}`, options);
    return await body.text();
  });
}

const post = { method: "POST", body: "abc" } as const;
const users = Array.from({ length: 12 }, (_, index) => `user-${index}`);

/** A body of one chunk, which remembers in whose context it was read. */
async function* readBy(readers: (string | undefined)[]): AsyncGenerator<string> {
  readers.push(caller.getStore());
  yield await Promise.resolve("abc");
  readers.push(caller.getStore());
}

describe("the asynchronous context over HTTP/1.1", () => {
  test.each([
    ["POSTs that wait a turn", {}, post],
    ["POSTs in line", { connections: 2 }, post],
    ["GETs in line", { connections: 2 }, {}],
  ])("is that of the caller for %s", async (_, options, init) => {
    const server = await opened();
    const upstream = outbound(options);
    await Promise.all(users.slice(0, 6).map(() => as("opener", upstream, server.origin)));
    const log = contextLog(caller);
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(users.map((user) => as(user, upstream, server.origin, init)));
    }
    expect(log.foreign).toEqual([]);
    expect(log.seen).toContain("undici:client:sendHeaders");
    expect(log.seen).toContain("tracing:reissue:attempt:asyncEnd");
  });

  test("is that of the call that opens a connection for itself after a wait", async () => {
    const server = await rawServer((socket) => {
      onHead(socket, () => {
        // real time: the next call must be waiting for this connection
        setTimeout(() => {
          socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
        }, 5);
      });
    });
    const upstream = outbound({ connections: 1 });
    const log = contextLog(caller);
    await Promise.all(users.slice(0, 4).map((user) => as(user, upstream, server.origin)));
    expect(server.connections).toBe(4);
    expect(log.foreign).toEqual([]);
    expect(log.connecting).toEqual(users.slice(0, 4));
  });

  test("is that of the caller for a resend, its back-off, its body and its decision", async () => {
    const server = await opened();
    const upstream = outbound({ connections: 1, retry: { maxAttempts: 5 } });
    await as("opener", upstream, server.origin);
    const log = contextLog(caller);
    server.script([
      { fault: "reset" },
      { fault: "status" },
      { fault: "reset", when: "after-processing" },
    ]);
    const readers: (string | undefined)[] = [];
    const makers: (string | undefined)[] = [];
    const body = (): AsyncGenerator<string> => {
      makers.push(caller.getStore());
      return readBy(readers);
    };
    expect(await as("user-1", upstream, server.origin, { method: "PUT", body })).toBe("ok");
    expect(server.requests.length).toBeGreaterThan(3);
    expect(log.foreign).toEqual([]);
    expect(log.seen).toContain("reissue:decision");
    expect(new Set([...makers, ...readers])).toEqual(new Set(["user-1"]));
  });

  test("is that of the caller for reading and closing a recorded body", async () => {
    const server = await opened();
    const upstream = outbound({ connections: 1 });
    await as("opener", upstream, server.origin);
    server.script([{ fault: "reset" }]);
    const readers: (string | undefined)[] = [];
    async function* endless(): AsyncGenerator<string> {
      try {
        for (;;) {
          readers.push(caller.getStore());
          // real time: a source of chunks in turns of their own
          yield await delay(1, "x".repeat(100));
        }
      } finally {
        readers.push(caller.getStore());
      }
    }
    const calls = [
      as("user-1", upstream, server.origin, { method: "PUT", body: readBy(readers) }),
      as("user-1", upstream, server.origin, {
        method: "PUT",
        body: endless(),
        retry: { totalTimeoutMs: 100 },
      }).catch(() => {}),
    ];
    await Promise.all(calls);
    expect(new Set(readers)).toEqual(new Set(["user-1"]));
  });

  test("is that of the caller for closing a body whose call is over early", async () => {
    const server = await rawServer((socket, number) => {
      const response = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
      onHead(socket, () => {
        socket.write(response);
        if (number > 1) return;
        onHead(socket, () => {
          // What it does not read fills the socket, so that the body waits for its next chunk to be asked for.
          socket.pause();
          // real time: the upload must stop before the response comes
          setTimeout(() => socket.write(response), 50);
        });
      });
    });
    const upstream = outbound({ connections: 1 });
    await as("opener", upstream, server.origin);
    const closers: (string | undefined)[] = [];
    async function* slow(): AsyncGenerator<string> {
      try {
        // real time: a source of chunks in turns of their own
        for (let index = 0; index < 10; index += 1) yield await delay(0, "x".repeat(2 ** 23));
      } finally {
        closers.push(caller.getStore());
      }
    }
    await as("user-1", upstream, server.origin, { method: "POST", body: slow() });
    await expect.poll(() => closers).toEqual(["user-1"]);
  });

  test("is that of the caller for an interim response", async () => {
    const server = await rawServer((socket) => {
      const answer = (): void => {
        onHead(socket, () => {
          answer();
          socket.write("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
          socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        });
      };
      answer();
    });
    const upstream = outbound({ connections: 1 });
    await as("opener", upstream, server.origin);
    const told: unknown[] = [];
    const onInfo = (): void => void told.push(caller.getStore());
    const options = { onInfo } as object;
    await Promise.all(
      ["user-1", "user-2"].map((user) => as(user, upstream, server.origin, options)),
    );
    expect(told).toEqual(["user-1", "user-2"]);
  });

  test("is that of the call for replacing a connection that is found dead before the write", async () => {
    const server = await rawServer((socket) => {
      onHead(socket, () => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      });
    });
    const upstream = outbound();
    await as("opener", upstream, server.origin);
    await delay(5); // real time: undici must have finished the request
    // The loop stands still while the end of the connection arrives, so that it is read only under the next call.
    for (const socket of server.open) socket.destroy();
    const until = performance.now() + 20;
    // real time: the kernel must receive the end of the connection
    while (performance.now() < until) /* busy */ ;
    const log = contextLog(caller);
    expect(await as("user-1", upstream, server.origin, post)).toBe("ok");
    expect(log.foreign).toEqual([]);
  });

  test("is that of the call for the decision after a wait in the queue", async () => {
    const clock = manualClock();
    const server = await opened();
    const upstream = outbound({ connections: 1, clock });
    server.script([{ fault: "hang" }]);
    const hanging = as("opener", upstream, server.origin).catch(() => {});
    const log = contextLog(caller);
    const retry = { attemptTimeoutMs: 50, totalTimeoutMs: 500 };
    const failed = as("user-1", upstream, server.origin, { ...post, retry }).catch(() => "failed");
    await caller.run("clock", () => clock.advance(1000));
    expect(await failed).toBe("failed");
    expect(log.foreign).toEqual([]);
    expect(log.stores("reissue:decision")).toContain("user-1");
    expect(log.stores("reissue:decision")).not.toContain("clock");
    await upstream.dispatcher.destroy();
    await hanging;
  });
});

test("a dispatch that an interceptor makes in a context of its own stays in it", async () => {
  const server = await opened();
  const upstream = outbound({ connections: 1 });
  await as("opener", upstream, server.origin);
  const log = contextLog(caller);
  const inSpan: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
    caller.run(options.path.slice(1), () => dispatch(options, handler));
  const dispatcher = upstream.dispatcher.compose(interceptors.retry(), inSpan);
  server.script([{ fault: "reset" }]);
  const asked = users.map((user) =>
    caller.run("outside", () => request(`${server.origin}/${user}`, { dispatcher })),
  );
  for (const each of asked) await (await each).body.dump();
  expect(log.foreign).toEqual([]);
});

test("calls with the semantics of fetch are sent in the contexts of their callers", async () => {
  const server = await opened();
  const upstream = outbound({ connections: 2 });
  await as("opener", upstream, server.origin);
  const log = contextLog(caller);
  server.script([{ fault: "reset" }]);
  const asked = users.map((user, index) =>
    caller.run(user, async () => {
      const init = index % 2 === 0 ? {} : post;
      const response = await upstream(`${server.origin}/${user}`, init).catch(() => null);
      await response?.text();
    }),
  );
  await Promise.all(asked);
  expect(log.foreign).toEqual([]);
});

describe("the asynchronous context over HTTP/2", () => {
  const { key, cert } = certificate();

  test.each([
    ["POSTs that wait a turn", {}, post, false],
    ["POSTs in line", { connections: 2 }, post, false],
    ["GETs in line", { connections: 2 }, {}, false],
    ["GETs in line behind trailers", { connections: 2 }, {}, true],
  ])("is that of the caller for %s", async (_, options, init, trailers) => {
    const server = await h2Server({ key, cert }, (stream) => {
      if (!trailers) return ok(stream);
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "1" }));
      stream.end("ok");
    });
    const tls = { ca: cert };
    const upstream = outbound({ ...options, allowH2: true, tls });
    await Promise.all(users.slice(0, 6).map(() => as("opener", upstream, server.origin)));
    const log = contextLog(caller);
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(users.map((user) => as(user, upstream, server.origin, init)));
    }
    expect(log.foreign).toEqual([]);
    expect(log.seen).toContain("undici:client:sendHeaders");
  });

  test("is that of the caller for a resend", async () => {
    const server = await h2Server({ key, cert }, (stream, number) => {
      if (number === 2) stream.session?.destroy();
      else ok(stream);
    });
    const upstream = outbound({ connections: 1, allowH2: true, tls: { ca: cert } });
    await as("opener", upstream, server.origin);
    const log = contextLog(caller);
    expect(await as("user-1", upstream, server.origin)).toBe("ok");
    expect(server.heads).toHaveLength(3);
    expect(log.foreign).toEqual([]);
  });
});
