import { agentStats } from "@reissue/agent";
import {
  attemptChannel,
  decisionChannel,
  type AttemptMessage,
  type Decision,
  type DecisionMessage,
} from "@reissue/core";
import { faultyUpstream } from "@reissue/testing";
import { expect, onTestFinished, test, vi } from "vitest";

import { agentWith } from "../support/agent/agents.ts";
import { begin, call, failure, replyTo } from "../support/agent/call.ts";

test("the channels publish each attempt and each decision, as those of the client do", async () => {
  const upstream = await faultyUpstream();
  onTestFinished(() => upstream.close());
  const told: unknown[] = [];
  const onStart = (message: unknown): void => {
    told.push(["start", (message as AttemptMessage).attempt]);
  };
  const onEnd = (message: unknown): void => {
    const { attempt, record, origin, path } = message as AttemptMessage;
    expect([origin, path]).toEqual([upstream.origin, "/orders?id=1"]);
    told.push(["end", attempt, record?.reused, record?.failure?.delivery ?? record?.status]);
  };
  const onDecision = (message: unknown): void => {
    const { attempt, decision } = message as { attempt: number; decision: { reason: string } };
    told.push(["decision", attempt, decision.reason]);
  };
  attemptChannel.start.subscribe(onStart);
  attemptChannel.asyncEnd.subscribe(onEnd);
  decisionChannel.subscribe(onDecision);
  onTestFinished(() => {
    attemptChannel.start.unsubscribe(onStart);
    attemptChannel.asyncEnd.unsubscribe(onEnd);
    decisionChannel.unsubscribe(onDecision);
  });
  const url = `${upstream.origin}/orders?id=1`;
  const agent = agentWith();
  await call(url, { agent });
  upstream.script([{ fault: "reset" }]);
  await call(url, { agent });
  upstream.script([{ fault: "reset" }]);
  await failure(call(url, { agent, method: "POST" }));
  expect(told).toEqual([
    ["start", 1],
    ["end", 1, false, 200],
    ["start", 1],
    ["end", 1, true, "stale"],
    ["decision", 1, "stale-socket"],
    ["start", 2],
    ["end", 2, false, 200],
    ["start", 1],
    ["end", 1, false, "unknown"],
    ["decision", 1, "not-retry-safe"],
  ]);
});

test("a socket that its client destroys with an error is reported as given up, since it is not replaced", async () => {
  const upstream = await faultyUpstream({ faults: [{ fault: "hang" }] });
  onTestFinished(() => upstream.close());
  const decisions: Decision[] = [];
  const onDecision = (message: unknown): void => {
    const { origin, decision } = message as DecisionMessage;
    if (origin === upstream.origin) decisions.push(decision);
  };
  decisionChannel.subscribe(onDecision);
  onTestFinished(() => {
    decisionChannel.unsubscribe(onDecision);
  });
  const agent = agentWith({ retry: { maxAttempts: 2 } });
  const request = begin(upstream.origin, { agent });
  const failed = failure(replyTo(request.end()));
  await vi.waitFor(() => expect(upstream.stats().heads).toBe(1));
  request.socket?.destroy(Object.assign(new Error("no more"), { code: "ECONNRESET" }));
  expect((await failed).reissue).toMatchObject({ reason: "condition-not-listed", resends: 0 });
  expect(decisions).toEqual([{ action: "give-up", reason: "condition-not-listed" }]);
  const { resends, giveUps } = agentStats(agent).origins[upstream.origin]!;
  expect(Object.values(resends)).toEqual([0, 0, 0, 0, 0]);
  expect(giveUps["condition-not-listed"]).toBe(1);
});
