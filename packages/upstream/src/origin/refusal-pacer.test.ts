import { AsyncResource } from "node:async_hooks";

import { manualClock } from "@reissue/testing";
import { expect, test } from "vitest";

import { RefusalPacer, type RefusedCall } from "./refusal-pacer.ts";

const backOff = { baseMs: 50, capMs: 100 };

function refused(): {
  refusals: RefusalPacer;
  clock: ReturnType<typeof manualClock>;
  admitted: string[];
  call: (name: string) => RefusedCall;
} {
  const clock = manualClock();
  const admitted: string[] = [];
  const call = (name: string): RefusedCall => ({
    context: new AsyncResource("test"),
    place: -1,
    onAdmitted: () => void admitted.push(name),
  });
  return { refusals: new RefusalPacer(backOff, clock), clock, admitted, call };
}

test("nothing is sent for a while after a refusal, and then one request at a time until one is accepted", async () => {
  const { refusals, clock, admitted, call } = refused();
  for (const name of ["a", "b", "c", "d", "e", "f"]) {
    refusals.onRefusal();
    refusals.join(call(name));
  }
  expect(admitted).toEqual([]);
  await clock.advance(50);
  expect(admitted).toEqual(["a"]);
  refusals.onRefusal();
  refusals.onOutcome(false);
  expect(admitted).toEqual(["a"]);
  await clock.advance(100);
  expect(admitted).toEqual(["a", "b"]);
  refusals.onOutcome(true);
  expect(admitted).toEqual(["a", "b", "c", "d"]);
  refusals.onOutcome(true);
  expect(admitted).toEqual(["a", "b", "c", "d", "e", "f"]);
});

test("a request without an outcome lets the next one go, and an aborted one is passed over", async () => {
  const { refusals, clock, admitted, call } = refused();
  refusals.onRefusal();
  const gone = call("gone");
  for (const each of [call("a"), gone, call("b")]) refusals.join(each);
  refusals.leave(gone);
  await clock.advance(50);
  refusals.onOutcome(false);
  expect(admitted).toEqual(["a", "b"]);
});
