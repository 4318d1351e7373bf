import type { Agent } from "node:http";
import { setImmediate } from "node:timers/promises";

import { systemClock } from "@reissue/core";
import { manualClock } from "@reissue/testing";
import { expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { agentWith } from "../../support/agent/agents.ts";
import { begin, call, replyTo } from "../../support/agent/call.ts";

const kill = { on: "reused", when: "after-processing", probability: 0.3 } as const;
const faults = [
  { fault: "reset", ...kill },
  { fault: "end", ...kill },
] as const;

/** The sockets that an agent counts, and those it keeps. */
function counted(agent: Agent): readonly number[] {
  const { totalSocketCount } = agent as unknown as { totalSocketCount: number };
  const busy = Object.values(agent.sockets).flat().length;
  return [totalSocketCount - Object.values(agent.freeSockets).flat().length, busy];
}

test.each([1, 3])(
  "maxSockets: %d holds under faults, and every request gets its turn",
  async (maxSockets) => {
    const upstream = await opened();
    const agent = agentWith({}, { maxSockets });
    let most = 0;
    upstream.setFaults(faults);
    const calls = Array.from({ length: 60 }, () => call(upstream.origin, { agent }));
    for (const each of calls) {
      await each;
      most = Math.max(most, upstream.open);
    }
    expect(most).toBeLessThanOrEqual(maxSockets + 1);
    expect((await Promise.all(calls)).every(({ status }) => status === 200)).toBe(true);
    await setImmediate();
    await expect.poll(() => counted(agent)).toEqual([0, 0]);
    expect(agent.requests).toEqual({});
  },
);

test("maxTotalSockets holds for all origins together", async () => {
  const [one, other] = [await opened(), await opened()];
  const agent = agentWith({}, { maxTotalSockets: 2 });
  one.setFaults(faults);
  other.setFaults(faults);
  const calls = Array.from({ length: 40 }, (_, index) =>
    call(index % 2 === 0 ? one.origin : other.origin, { agent }),
  );
  const replies = await Promise.all(calls);
  expect(replies.every(({ status }) => status === 200)).toBe(true);
});

test("a plain POST that may not have the only connection of maxTotalSockets takes its place", async () => {
  const upstream = await opened();
  const clock = manualClock();
  const agent = agentWith({ clock }, { maxTotalSockets: 1 });
  await call(upstream.origin, { agent });
  await clock.advance(1500);
  expect((await call(upstream.origin, { agent, method: "POST", body: "x" })).status).toBe(200);
  expect(upstream.connections).toBe(2);
});

test("each request has its own connection with keepAlive: false", async () => {
  const upstream = await opened();
  const agent = agentWith({}, { keepAlive: false });
  for (let count = 0; count < 3; count += 1) await call(upstream.origin, { agent });
  expect(upstream.connections).toBe(3);
  await expect.poll(() => upstream.open).toBe(0);
});

test("a waiting request that needs a fresh connection gets one", async () => {
  const upstream = await opened();
  const agent = agentWith(
    { clock: systemClock, retry: { maxAttempts: 3, backOff: { baseMs: 1, capMs: 1 } } },
    { maxSockets: 1 },
  );
  const die = { fault: "reset", at: "body-end" } as const;
  upstream.script([die]);
  const replies = await Promise.all([1, 2, 3].map(() => call(upstream.origin, { agent })));
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
  await expect.poll(() => counted(agent)).toEqual([0, 0]);
});

test("the listeners of a client do not pile up on the sockets of other requests", async () => {
  const upstream = await opened();
  const agent = agentWith({}, { maxSockets: 1 });
  const send = async (): Promise<void> => {
    const request = begin(upstream.origin, { agent });
    const onClose = (): void => {};
    // As smithy and node-fetch 3 do: what they take off is on the socket that they were given.
    request.once("socket", (socket) => socket.on("close", onClose));
    request.once("close", () => request.socket?.off("error", onClose));
    request.end();
    await replyTo(request);
    await setImmediate();
  };
  const counts: number[] = [];
  await call(upstream.origin, { agent });
  for (let round = 0; round < 4; round += 1) {
    upstream.script([{ fault: "reset" }]);
    await send();
    counts.push(Object.values(agent.freeSockets).flat()[0]!.listenerCount("close"));
  }
  expect(new Set(counts).size).toBe(1);
  expect(counts[0]).toBe(1);
});
