import { expect, test } from "vitest";

import { ConnectBreaker } from "./connect-breaker.ts";

const refused = new Error("connect ECONNREFUSED");
const one = {};
const other = {};

/** An outage with a window of 100 ms, whose first connect began at 0 and failed. */
function down(): ConnectBreaker {
  const outage = new ConnectBreaker(100);
  outage.onFailed(one, refused, 0, 1);
  return outage;
}

test("every call may connect within the window, and after it one call may while the others are held back", () => {
  const outage = down();
  outage.begin(one, 99);
  expect(outage.holdsBack(other, 99)).toBe(false);
  outage.begin(one, 100);
  expect(outage.holdsBack(other, 100)).toBe(true);
  expect(outage.error).toBe(refused);
  expect(outage.holdsBack(one, 100)).toBe(false);
});

test("the next call may probe once the probing call has failed or given up, and not before", () => {
  const outage = down();
  outage.begin(one, 100);
  outage.onFailed(other, refused, 50, 110);
  expect(outage.holdsBack(other, 110)).toBe(true);
  outage.onFailed(one, refused, 100, 120);
  expect(outage.holdsBack(other, 120)).toBe(false);
  outage.begin(other, 120);
  outage.cancelProbe(one);
  expect(outage.holdsBack(one, 130)).toBe(true);
  outage.cancelProbe(other);
  expect(outage.holdsBack(one, 130)).toBe(false);
});

test("a probe that has lasted for a whole window holds no call back", () => {
  const outage = down();
  outage.begin(one, 100);
  expect(outage.holdsBack(other, 199)).toBe(true);
  expect(outage.holdsBack(other, 200)).toBe(false);
  outage.begin(other, 200);
  outage.onFailed(one, refused, 100, 210);
  expect(outage.holdsBack(one, 210)).toBe(true);
});

test("a long outage counts as unprobed if its probe has failed, or if there was none", () => {
  const outage = down();
  expect([outage.isUnprobed(99), outage.isUnprobed(100)]).toEqual([false, true]);
  outage.begin(one, 100);
  expect(outage.isUnprobed(110)).toBe(false);
  outage.onFailed(one, refused, 100, 120);
  expect(outage.isUnprobed(120)).toBe(true);
});

test("an established connection ends the outage", () => {
  const outage = down();
  outage.begin(one, 100);
  outage.onConnected(110);
  expect(outage.sinceMs(110)).toBeNull();
  expect(outage.holdsBack(other, 110)).toBe(false);
});

test("a connect that began before another connection was established, and fails late, begins no new outage", () => {
  const outage = down();
  outage.onConnected(10);
  outage.onFailed(other, refused, 5, 12);
  expect(outage.sinceMs(12)).toBeNull();
  outage.onFailed(other, refused, 11, 13);
  expect(outage.sinceMs(13)).toBe(11);
});

test("an outage without an attempt for five windows is forgotten", () => {
  const outage = down();
  expect(outage.sinceMs(501)).toBe(0);
  expect(outage.sinceMs(502)).toBeNull();
});

test("without a window no call is ever held back", () => {
  const outage = new ConnectBreaker(0);
  outage.onFailed(one, refused, 0, 1);
  outage.begin(one, 2);
  expect(outage.holdsBack(other, 2)).toBe(false);
});
