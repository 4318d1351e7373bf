import { expect, test } from "vitest";

import { Outage } from "./outage.ts";

const refused = new Error("connect ECONNREFUSED");
const one = {};
const other = {};

/** An outage with a window of 100 ms, whose first connect began at 0 and failed. */
function down(): Outage {
  const outage = new Outage(100);
  outage.fail(one, refused, 0, 1);
  return outage;
}

test("within the window everybody may connect; after it one, and the rest are refused at once", () => {
  const outage = down();
  outage.begin(one, 99);
  expect(outage.refusal(other, 99)).toBeNull();
  outage.begin(one, 100);
  expect(outage.refusal(other, 100)).toEqual({ error: refused });
  expect(outage.refusal(one, 100)).toBeNull();
});

test("the next may probe once the one who probes has failed or given up, and not before", () => {
  const outage = down();
  outage.begin(one, 100);
  outage.fail(other, refused, 50, 110);
  expect(outage.refusal(other, 110)).not.toBeNull();
  outage.fail(one, refused, 100, 120);
  expect(outage.refusal(other, 120)).toBeNull();
  outage.begin(other, 120);
  outage.abandonProbe(one);
  expect(outage.refusal(one, 130)).not.toBeNull();
  outage.abandonProbe(other);
  expect(outage.refusal(one, 130)).toBeNull();
});

test("a connection that stands ends it", () => {
  const outage = down();
  outage.begin(one, 100);
  outage.stand(110);
  expect(outage.sinceMs(110)).toBeNull();
  expect(outage.refusal(other, 110)).toBeNull();
});

test("a connect that began before another one stood, and fails late, begins no new outage", () => {
  const outage = down();
  outage.stand(10);
  outage.fail(other, refused, 5, 12);
  expect(outage.sinceMs(12)).toBeNull();
  outage.fail(other, refused, 11, 13);
  expect(outage.sinceMs(13)).toBe(11);
});

test("one that nobody has looked at for five windows is forgotten", () => {
  const outage = down();
  expect(outage.sinceMs(501)).toBe(0);
  expect(outage.sinceMs(502)).toBeNull();
});

test("without a window nobody is ever held back", () => {
  const outage = new Outage(0);
  outage.fail(one, refused, 0, 1);
  outage.begin(one, 2);
  expect(outage.refusal(other, 2)).toBeNull();
});
