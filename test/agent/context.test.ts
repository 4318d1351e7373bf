import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { connect, type Socket, type TcpNetConnectOpts } from "node:net";
import { setImmediate } from "node:timers/promises";

import { faultyUpstream, manualClock } from "@reissue/testing";
import { expect, onTestFinished, test } from "vitest";

import { agentWith } from "../support/agent/agents.ts";
import { begin, call, failure, replyTo } from "../support/agent/call.ts";
import { freePort } from "../support/free-port.ts";

const storage = new AsyncLocalStorage<string>();

/** Calls in a context, and tells in which its events come. */
function contexts(name: string, start: () => ReturnType<typeof begin>): Promise<Set<unknown>> {
  return storage.run(name, async () => {
    const seen = new Set<unknown>();
    const note = (): void => void seen.add(storage.getStore());
    const request = start();
    for (const event of ["socket", "response", "finish", "close"]) request.on(event, note);
    request.on("response", (response) => response.on("data", note).on("end", note));
    request.end("x");
    await replyTo(request);
    return seen;
  });
}

test("a request that is sent again has its events in its own context", async () => {
  const upstream = await faultyUpstream();
  onTestFinished(() => upstream.close());
  const agent = agentWith();
  await storage.run("first", () => call(upstream.origin, { agent }));
  upstream.script([{ fault: "reset" }]);
  const seen = await contexts("second", () => begin(upstream.origin, { agent, method: "PUT" }));
  expect(seen).toEqual(new Set(["second"]));
});

test("a request that waited behind maxSockets has its events in its own context", async () => {
  const upstream = await faultyUpstream();
  onTestFinished(() => upstream.close());
  const agent = agentWith({}, { maxSockets: 1 });
  upstream.script([null, { fault: "reset" }, null, { fault: "end" }]);
  const names = ["a", "b", "c", "d"];
  const all = await Promise.all(
    names.map((name) => contexts(name, () => begin(upstream.origin, { agent, method: "PUT" }))),
  );
  expect(all).toEqual(names.map((name) => new Set([name])));
});

test("a request that waited for the result of another request's probe has its events in its own context", async () => {
  const clock = manualClock();
  const agent = agentWith({ clock });
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const failed = failure(call(origin, { agent }));
  for (let turn = 0; turn < 2000 && clock.now() < 2100; turn += 1) {
    for (let wait = 0; wait < 5; wait += 1) await setImmediate();
    if (clock.nextMs !== null) await clock.advance(clock.nextMs);
    else if ((await Promise.race([failed, setImmediate(null)])) !== null) break;
  }
  const upstream = await faultyUpstream({ port });
  onTestFinished(() => upstream.close());
  const names = ["a", "b", "c"];
  const all = await Promise.all(
    names.map((name) => contexts(name, () => begin(origin, { agent, method: "PUT" }))),
  );
  expect(all).toEqual(names.map((name) => new Set([name])));
});

/** Makes connections as an agent does that first asks somebody: it is called back once there is one, or none. */
function connectAsynchronously(options: object, callback: unknown): undefined {
  const called = callback as (error: Error | null, socket?: Socket) => void;
  const socket = connect(options as TcpNetConnectOpts);
  socket.once("connect", () => called(null, socket)).once("error", called);
}

test.each([
  { made: "at once", own: {} },
  { made: "asynchronously", own: { createConnection: connectAsynchronously } },
])(
  "a request that takes its turn with the connection of another one has its events in its own context, if none can be made $made",
  async ({ own }) => {
    const clock = manualClock();
    const upstream = await faultyUpstream();
    const { port } = new URL(upstream.origin);
    const agent = Object.assign(agentWith({ clock }, { maxSockets: 1 }), own);
    const first = storage.run("a", () => begin(upstream.origin, { agent, method: "PUT" }));
    const second = contexts("b", () => begin(upstream.origin, { agent, method: "PUT" }));
    const third = contexts("c", () => begin(upstream.origin, { agent, method: "PUT" }));
    first.on("error", () => {});
    first.flushHeaders();
    const [socket] = (await once(first, "socket")) as [Socket];
    if (socket.connecting) await once(socket, "connect");
    const closed = new Promise((resolve) => first.once("close", resolve));
    await upstream.close();
    await closed;
    const back = await faultyUpstream({ port: Number(port) });
    onTestFinished(() => back.close());
    const both = Promise.all([second, third]);
    // The second request waits for its back-off.
    while (clock.nextMs !== null) await clock.advance(clock.nextMs);
    expect(await both).toEqual([new Set(["b"]), new Set(["c"])]);
  },
);
