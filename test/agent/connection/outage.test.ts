import { once } from "node:events";
import { Agent, type ClientRequestArgs } from "node:http";
import { connect, Socket, type NetConnectOpts } from "node:net";
import type { Duplex } from "node:stream";
import { setImmediate } from "node:timers/promises";

import { agentStats, withReissue } from "@reissue/agent";
import { faultyUpstream, manualClock, type ManualClock } from "@reissue/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { agentWith, kept } from "../../support/agent/agents.ts";
import { begin, call, failure, replyTo } from "../../support/agent/call.ts";
import { freePort } from "../../support/free-port.ts";

/** Lets the clock go on by the next timer whenever nothing else happens, until a call is over. */
async function run<Result>(clock: ManualClock, called: Promise<Result>): Promise<Result> {
  const state = { isOver: false };
  const done = called.finally(() => (state.isOver = true));
  done.catch(() => {});
  for (let turn = 0; turn < 20_000 && !state.isOver; turn += 1) {
    // What the operating system refuses takes a few turns to come back.
    for (let wait = 0; wait < 5 && !state.isOver; wait += 1) await setImmediate();
    const { nextMs } = clock;
    if (nextMs !== null && !state.isOver) await clock.advance(nextMs);
  }
  return done;
}

describe.each(["GET", "POST"])("a %s to an upstream that is down", (method) => {
  test("is tried again for the whole window, and then fails with the error of Node", async () => {
    const clock = manualClock();
    const agent = agentWith({ clock });
    const origin = `http://127.0.0.1:${await freePort()}`;
    const error = await run(clock, failure(call(origin, { agent, method })));
    expect(error.code).toBe("ECONNREFUSED");
    expect(error.reissue).toMatchObject({ delivery: "unsent", reason: "attempts-exhausted" });
    expect(error.reissue!.resends).toBeGreaterThan(4);
    expect(clock.now()).toBeGreaterThan(1900);
    expect(clock.now()).toBeLessThan(2600);
  });

  test("fails at once after that, each time with a new error", async () => {
    const clock = manualClock();
    const agent = agentWith({ clock });
    const origin = `http://127.0.0.1:${await freePort()}`;
    await run(clock, failure(call(origin, { agent, method })));
    const startedAtMs = clock.now();
    const calls = Array.from({ length: 20 }, () => failure(call(origin, { agent, method })));
    const errors = await run(clock, Promise.all(calls));
    expect(clock.now()).toBe(startedAtMs);
    expect(new Set(errors).size).toBe(20);
    for (const { code, reissue } of errors) {
      expect(code).toBe("ECONNREFUSED");
      expect(reissue).toMatchObject({ delivery: "unsent", resends: 0 });
    }
  });

  test("succeeds once the upstream is back, and is processed once", async () => {
    const clock = manualClock();
    const agent = agentWith({ clock });
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    await run(clock, failure(call(origin, { agent, method })));
    const upstream = await faultyUpstream({ port });
    onTestFinished(() => upstream.close());
    const calls = Array.from({ length: 10 }, () => call(origin, { agent, method, body: "x" }));
    const replies = await run(clock, Promise.all(calls));
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(upstream.requests).toHaveLength(10);
  });
});

test("one request at a time probes whether the upstream is back, so that it gets no flood of connects", async () => {
  const clock = manualClock();
  let connects = 0;
  class CountingAgent extends Agent {
    override createConnection(options: ClientRequestArgs): Socket {
      connects += 1;
      return connect(options as NetConnectOpts);
    }
  }
  const agent = kept(new (withReissue(CountingAgent))({ reissue: { clock } }));
  const origin = `http://127.0.0.1:${await freePort()}`;
  await run(clock, failure(call(origin, { agent })));
  connects = 0;
  const calls = Array.from({ length: 50 }, () => failure(call(origin, { agent })));
  await run(clock, Promise.all(calls));
  expect(connects).toBeLessThan(5);
});

test("agent.destroy() ends a back-off, and the error says so", async () => {
  const clock = manualClock();
  const agent = agentWith({ clock });
  const failed = failure(call(`http://127.0.0.1:${await freePort()}`, { agent }));
  while (clock.nextMs === null) await setImmediate();
  agent.destroy();
  const error = await failed;
  expect(error.code).toBe("ECONNREFUSED");
  expect(error.reissue).toMatchObject({ delivery: "unsent", reason: "aborted" });
  expect(clock.nextMs).toBeNull();
});

test("requests that wait behind maxSockets fail as well", async () => {
  const clock = manualClock();
  const agent = agentWith({ clock }, { maxSockets: 1 });
  const origin = `http://127.0.0.1:${await freePort()}`;
  const calls = Array.from({ length: 5 }, () => failure(call(origin, { agent })));
  const errors = await run(clock, Promise.all(calls));
  expect(errors.map(({ code }) => code)).toEqual(Array.from({ length: 5 }, () => "ECONNREFUSED"));
});

describe("an agent that connects asynchronously", () => {
  class SlowAgent extends Agent {
    override createConnection(
      options: ClientRequestArgs,
      callback: (error: Error | null, stream: Duplex) => void = () => {},
    ): undefined {
      const socket = connect(options as NetConnectOpts);
      const fail = (error: Error): void => callback(error, socket);
      socket.once("error", fail);
      socket.once("connect", () => {
        socket.off("error", fail);
        callback(null, socket);
      });
    }
  }
  const SlowReissueAgent = withReissue(SlowAgent);

  test("repeats the connect that failed first, too", async () => {
    const clock = manualClock();
    const agent = kept(new SlowReissueAgent({ reissue: { clock } }));
    const port = await freePort();
    const called = call(`http://127.0.0.1:${port}`, { agent, method: "POST", body: "x" });
    called.catch(() => {});
    while (clock.nextMs === null) await setImmediate();
    const upstream = await faultyUpstream({ port });
    onTestFinished(() => upstream.close());
    expect((await run(clock, called)).status).toBe(200);
    expect(upstream.requests).toHaveLength(1);
  });

  test("gives the error of Node once the window is over, also to waiting requests", async () => {
    const clock = manualClock();
    const agent = kept(new SlowReissueAgent({ maxSockets: 1, reissue: { clock } }));
    const origin = `http://127.0.0.1:${await freePort()}`;
    const errors = await run(
      clock,
      Promise.all([1, 2, 3].map(() => failure(call(origin, { agent })))),
    );
    for (const { code, reissue } of errors) {
      expect(code).toBe("ECONNREFUSED");
      expect(reissue).toMatchObject({ delivery: "unsent", reason: "attempts-exhausted" });
    }
  });
});

describe("a connect that throws", () => {
  /** An agent that throws in place of its second connect. */
  function refusing(clock: ManualClock): Agent {
    let connects = 0;
    class RefusingAgent extends Agent {
      override createConnection(options: ClientRequestArgs): Socket {
        connects += 1;
        if (connects === 2) throw new TypeError("no second connection");
        return connect(options as NetConnectOpts);
      }
    }
    return kept(new (withReissue(RefusingAgent))({ reissue: { clock } }));
  }

  test("fails the request that was to be sent again", async () => {
    const upstream = await faultyUpstream({ faults: [{ fault: "reset", on: "reused" }] });
    onTestFinished(() => upstream.close());
    const agent = refusing(manualClock());
    const origin = `http://127.0.0.1:${upstream.port}`;
    await call(origin, { agent });
    const error = await failure(call(origin, { agent }));
    expect(error.message).toBe("no second connection");
    expect(error.reissue).toMatchObject({ delivery: "stale", reason: "condition-not-listed" });
  });

  test("fails the request that is tried again after a back-off", async () => {
    const clock = manualClock();
    const agent = refusing(clock);
    const origin = `http://127.0.0.1:${await freePort()}`;
    const error = await run(clock, failure(call(origin, { agent, method: "POST" })));
    expect(error.message).toBe("no second connection");
    expect(error.reissue).toMatchObject({ delivery: "unsent" });
  });
});

test("a probe that its client ends with a system error makes room for the next", async () => {
  const clock = manualClock();
  let isSilent = false;
  class SilentAgent extends Agent {
    override createConnection(options: ClientRequestArgs): Socket {
      if (!isSilent) return connect(options as NetConnectOpts);
      // As where no packet comes back.
      return Object.assign(new Socket(), { connecting: true });
    }
  }
  const agent = kept(new (withReissue(SilentAgent))({ reissue: { clock } }));
  const origin = `http://127.0.0.1:${await freePort()}`;
  await run(clock, failure(call(origin, { agent })));
  isSilent = true;
  const probe = begin(origin, { agent });
  const failed = failure(replyTo(probe));
  probe.end();
  await once(probe, "socket");
  expect(agentStats(agent).origins[origin]!.breaker).toBe("half-open");
  probe.destroy(Object.assign(new Error("EIO: i/o error, read"), { code: "EIO", errno: -5 }));
  await failed;
  expect(agentStats(agent).origins[origin]!.breaker).toBe("open");
});

test("a request that is aborted while it waits for a probe fails at once", async () => {
  const clock = manualClock();
  const agent = agentWith({ clock });
  const origin = `http://127.0.0.1:${await freePort()}`;
  await run(clock, failure(call(origin, { agent })));
  const probe = begin(origin, { agent }).on("error", () => {});
  const waiting = begin(origin, { agent });
  const failed = failure(replyTo(waiting));
  waiting.end();
  waiting.destroy();
  expect((await failed).code).toBe("ECONNRESET");
  probe.destroy();
});
