import { describe, expect, test } from "vitest";

import {
  bisectedTimes,
  firstTimes,
  idleLimit,
  isSettled,
  type IdleObservation,
} from "./idle-times.ts";

const closed = (idleMs: number, by: "fin" | "rst" = "fin", with408 = false): IdleObservation => ({
  type: "closed",
  idleMs,
  by,
  with408,
});
const answered = (idleMs: number): IdleObservation => ({ type: "answered", idleMs });
const lost = (idleMs: number): IdleObservation => ({ type: "lost", idleMs });

test("the first times are halved down from the longest one", () => {
  expect(firstTimes(128, 4)).toEqual([16, 32, 64, 128]);
});

describe("the idle limit", () => {
  test.each<[string, readonly IdleObservation[], unknown]>([
    [
      "is the earliest of several closes",
      [answered(1000), closed(5010), closed(5000), closed(5040)],
      { type: "closes", fromMs: 5000, toMs: 5040, by: "fin", with408: false, seen: 3 },
    ],
    [
      "has the way in which most were closed, and any 408",
      [closed(50, "rst"), closed(50, "rst", true), closed(50)],
      { type: "closes", fromMs: 50, toMs: 50, by: "rst", with408: true, seen: 3 },
    ],
    [
      "lies between the last response and the first loss",
      [answered(100), answered(200), lost(400), lost(800)],
      { type: "drops", fromMs: 200, toMs: 400 },
    ],
    [
      "begins at 0 for a drop before the first try",
      [lost(50)],
      { type: "drops", fromMs: 0, toMs: 50 },
    ],
    ["was not reached", [answered(500), answered(1000)], { type: "keeps", atLeastMs: 1000 }],
    [
      "was not reached on a connection that is still open",
      [{ type: "open", idleMs: 990 }],
      { type: "keeps", atLeastMs: 990 },
    ],
  ])("it is found: it %s", (_name, observations, expected) => {
    expect(idleLimit(observations, 1000)).toEqual(expected);
  });
});

test("bisection spreads connections between the two times, and ends within half a second or 5 %", () => {
  expect(bisectedTimes({ type: "drops", fromMs: 10_000, toMs: 20_000 }, 4)).toEqual([
    12_000, 14_000, 16_000, 18_000,
  ]);
  expect(bisectedTimes({ type: "drops", fromMs: 10_000, toMs: 10_500 }, 4)).toEqual([]);
  expect(bisectedTimes({ type: "drops", fromMs: 100_000, toMs: 105_000 }, 4)).toEqual([]);
  expect(bisectedTimes({ type: "keeps", atLeastMs: 10_000 }, 4)).toEqual([]);
});

test("two closes at similar ages are enough, and two at different ages are not", () => {
  expect(isSettled([closed(100), answered(50)])).toBe(false);
  expect(isSettled([closed(100), closed(300)])).toBe(false);
  expect(isSettled([closed(100), closed(300), closed(110)])).toBe(true);
});
