import { expect, test } from "vitest";
import { manualClock } from "./manual-clock.ts";

test("time moves only by the given amount", async () => {
  const clock = manualClock({ nowMs: 5, wallNowMs: 1_000 });
  expect([clock.now(), clock.wallNow()]).toEqual([5, 1_000]);
  await clock.advance(12.5);
  expect([clock.now(), clock.wallNow()]).toEqual([17.5, 1_012.5]);
});

test("timers run when they fall due, in this order, and the older one runs first", async () => {
  const clock = manualClock();
  const ran: string[] = [];
  const note = (name: string) => () => void ran.push(`${name}@${clock.now()}`);
  clock.setTimeout(note("c"), 30);
  clock.setTimeout(note("a"), 10);
  clock.setTimeout(note("b"), 10);
  clock.setTimeout(note("late"), 31);
  expect([clock.pending, clock.nextMs]).toEqual([4, 10]);
  await clock.advance(30);
  expect(ran).toEqual(["a@10", "b@10", "c@30"]);
  expect([clock.pending, clock.nextMs, clock.now()]).toEqual([1, 1, 30]);
});

test("timers and promises that a callback starts are part of the same advance", async () => {
  const clock = manualClock();
  const ran: number[] = [];
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => void clock.setTimeout(resolve, ms));
  const loop = (async () => {
    for (let round = 0; round < 5; round++) {
      await sleep(10);
      for (let tick = 0; tick < 50; tick++) await Promise.resolve();
      ran.push(clock.now());
    }
  })();
  await clock.advance(35);
  expect(ran).toEqual([10, 20, 30]);
  await clock.advance(15);
  await loop;
  expect([ran, clock.pending]).toEqual([[10, 20, 30, 40, 50], 0]);
});

test("a timer can be cleared before it fires, by another timer, or after it has fired", async () => {
  const clock = manualClock();
  let fired = 0;
  const one = clock.setTimeout(() => fired++, 10);
  clock.setTimeout(() => clock.clearTimeout(one), 5);
  const two = clock.setTimeout(() => fired++, 10);
  clock.clearTimeout(two);
  await clock.advance(20);
  clock.clearTimeout(one);
  clock.clearTimeout(undefined);
  expect(fired).toBe(0);
});

test("the same seed gives the same random numbers", () => {
  const draws = (seed: number): number[] => Array.from({ length: 5 }, manualClock({ seed }).random);
  expect(draws(3)).toEqual(draws(3));
  expect(draws(3)).not.toEqual(draws(4));
  expect(draws(3).every((draw) => draw >= 0 && draw < 1)).toBe(true);
});

test("an endless chain, a negative time and a throwing callback are errors", async () => {
  const clock = manualClock();
  await expect(clock.advance(-1)).rejects.toThrow(RangeError);
  await expect(clock.advance(Number.NaN)).rejects.toThrow(RangeError);
  clock.setTimeout(() => {
    throw new Error("from the callback");
  }, 1);
  await expect(clock.advance(1)).rejects.toThrow("from the callback");
  const again = (): void => void clock.setTimeout(again, 0);
  again();
  await expect(clock.advance(1)).rejects.toThrow("100000 timers");
});
