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

describe("a death is a hint for requests that cannot be resent", () => {
  test.each<[string, Event[], number]>([
    ["at first", [death], 80],
    ["after an answer on a younger connection", [death, ["answer", 99]], 80],
    ["until an answer on one as old", [death, ["answer", 100]], 4000],
    ["while one stands that is not much older", [death, ["standing", 130]], 80],
    ["until one stands that is", [death, ["standing", 134]], 4000],
    ["when two were passed over", [death, ["passed over", 100], ["passed over", 100]], 80],
    [
      "until three were",
      [death, ["passed over", 100], ["passed over", 100], ["passed over", 100]],
      4000,
    ],
    ["and at an age of less than 20 ms none", [["death", 19]], 4000],
  ])("%s", (_, events, unsafeMs) => {
    expect(bothAfter(events)).toEqual([4000, unsafeMs]);
  });
});

test.each<[string, Event[]]>([
  ["two in turn at like ages", [death, ["death", 120]]],
  ["with an answer on a younger connection between", [death, ["answer", 60], ["death", 120]]],
])("%s lower the limit for all", (_, events) => {
  expect(bothAfter(events)[0]).toBe(80);
});

test.each<[string, Event[]]>([
  ["at other ages", [death, ["death", 200]]],
  ["with an answer on a connection as old between", [death, ["answer", 100], death]],
  ["with one between that outlived it", [death, ["standing", 200], death]],
])("two %s do not", (_, events) => {
  expect(bothAfter(events)[0]).toBe(4000);
});

describe("deaths of one moment", () => {
  test("deaths at one moment are one event, however many", () => {
    expect(bothAfter([death, death, ["death", 101], death], 1)).toEqual([4000, 80]);
  });

  test("deaths at different idle times are a restart, and revoke what the first of them taught", () => {
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
