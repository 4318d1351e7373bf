import { describe, expect, test } from "vitest";

import { IdleLimit } from "./idle-limit.ts";

/** What happened, each a second after the one before. */
type Event = readonly [what: "death" | "answer" | "standing" | "passed over", idleMs: number];

const minute = 60_000;

function limitAfter(events: readonly Event[], everyMs = 1000): IdleLimit {
  const limit = new IdleLimit(4000);
  events.forEach(([what, idleMs], index) => {
    if (what === "death") limit.onDeath(idleMs, minute + index * everyMs);
    else if (what === "answer") limit.onAnswer(idleMs);
    else if (what === "standing") limit.onStanding(idleMs);
    else limit.onPassedOver(idleMs);
  });
  return limit;
}

function bothAfter(events: readonly Event[], everyMs?: number): readonly number[] {
  const limit = limitAfter(events, everyMs);
  const nowMs = minute + events.length * (everyMs ?? 1000) - (everyMs ?? 1000);
  return [limit.currentMs(nowMs), limit.unsafeMs(nowMs)];
}

const death: Event = ["death", 100];

describe("the death of a connection is a hint for requests that cannot be resent", () => {
  test.each<[string, Event[], number]>([
    ["at first", [death], 80],
    ["after a response on a younger connection", [death, ["answer", 99]], 80],
    ["until a response on a connection of that age", [death, ["answer", 100]], 4000],
    ["while a connection is open that is not much older", [death, ["standing", 130]], 80],
    ["until a much older connection is open", [death, ["standing", 134]], 4000],
    [
      "after two connections were passed over",
      [death, ["passed over", 100], ["passed over", 100]],
      80,
    ],
    [
      "until three connections were passed over",
      [death, ["passed over", 100], ["passed over", 100], ["passed over", 100]],
      4000,
    ],
    ["for ages of at least 20 ms only", [["death", 19]], 4000],
  ])("the hint for such requests holds %s", (_, events, unsafeMs) => {
    expect(bothAfter(events)).toEqual([4000, unsafeMs]);
  });
});

test.each<[string, Event[]]>([
  ["two deaths in turn at similar ages", [death, ["death", 120]]],
  [
    "two deaths with a response on a younger connection in between",
    [death, ["answer", 60], ["death", 120]],
  ],
])("%s lower the limit for all requests", (_, events) => {
  expect(bothAfter(events)[0]).toBe(80);
});

test.each<[string, Event[]]>([
  ["at different ages", [death, ["death", 200]]],
  ["with a response on a connection of that age in between", [death, ["answer", 100], death]],
  ["with a connection in between that outlived the first", [death, ["standing", 200], death]],
])("two deaths %s do not lower the limit", (_, events) => {
  expect(bothAfter(events)[0]).toBe(4000);
});

describe("deaths at the same time", () => {
  test("many of them are one event", () => {
    expect(bothAfter([death, death, ["death", 101], death], 1)).toEqual([4000, 80]);
  });

  test("deaths at different idle times are a restart, and undo what the first of them taught", () => {
    const limit = limitAfter([death, ["death", 110]]);
    expect(limit.currentMs(minute + 1000)).toBe(80);
    const restarted = limitAfter([death]);
    restarted.onDeath(105, minute + 5000);
    restarted.onDeath(3000, minute + 5001);
    restarted.onDeath(105, minute + 5002);
    expect([restarted.currentMs(minute + 5003), restarted.unsafeMs(minute + 5003)]).toEqual([
      4000, 4000,
    ]);
  });
});
