import { randomBytes } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { manualClock } from "@reissue/testing";
import { expect, test } from "vitest";

import { memoryStore } from "./memory-store.ts";
import { newOwner } from "./owner.ts";
import { StoreFullError } from "./store-error.ts";
import type { ClaimRequest } from "./store.ts";

function request(id: string): ClaimRequest {
  const times = { leaseMs: 1000, retentionMs: 10_000 };
  return {
    id,
    owner: newOwner(),
    fingerprint: "f",
    takeOver: true,
    ...times,
  };
}

/** What the process holds, in bytes, once most garbage is gone. */
function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test("it is full at maxEntries: new keys are refused, and no key is lost", async () => {
  const clock = manualClock();
  const store = memoryStore({ maxEntries: 2, clock });
  const [a, b, c] = [request("a"), request("b"), request("c")];
  await store.claim(a);
  await store.claim(b);
  await store.complete({ ...b, fence: 1 }, Buffer.from("b"), 10_000);
  expect(() => store.claim(c)).toThrow(StoreFullError);
  expect(await store.claim(request("a"))).toMatchObject({ state: "in-flight" });
  expect(await store.claim(request("b"))).toMatchObject({ state: "completed" });
  await store.release({ ...a, fence: 1 });
  expect(await store.claim(c)).toEqual({ state: "claimed", fence: 1 });
});

test("it is full at maxBytes: an answer has no room, and its record stays as it was", async () => {
  const store = memoryStore({ maxBytes: 10_000, clock: manualClock() });
  const [a, b] = [request("a"), request("b")];
  await store.claim(a);
  await store.claim(b);
  expect(await store.complete({ ...a, fence: 1 }, Buffer.alloc(7700), 10_000)).toBe(true);
  const large = (): unknown => store.complete({ ...b, fence: 1 }, Buffer.alloc(1000), 10_000);
  expect(large).toThrow(StoreFullError);
  expect(await store.claim(request("b"))).toMatchObject({ state: "in-flight" });
  // That it was answered has room always.
  expect(await store.complete({ ...b, fence: 1 }, Buffer.alloc(200), 10_000)).toBe(true);
  expect(() => store.claim(request("c"))).toThrow(StoreFullError);
});

test("what has expired makes room, before anything is refused", async () => {
  const clock = manualClock();
  const store = memoryStore({ maxBytes: 10_000, clock });
  const a = request("a");
  await store.claim(a);
  await store.complete({ ...a, fence: 1 }, Buffer.alloc(8600), 500);
  expect(() => store.claim(request("b"))).toThrow(StoreFullError);
  await clock.advance(500);
  expect(await store.claim(request("b"))).toMatchObject({ state: "claimed" });
});

test("it empties by itself, and then needs no timer", async () => {
  const clock = manualClock();
  const store = memoryStore({ clock, maxEntries: 1000 });
  for (let number = 0; number < 1000; number += 1) await store.claim(request(`k-${number}`));
  expect(clock.pending).toBe(1);
  await clock.advance(12_000);
  expect(clock.pending).toBe(0);
  for (let number = 0; number < 1000; number += 1) {
    expect(await store.claim(request(`other-${number}`))).toMatchObject({ state: "claimed" });
  }
});

test("a record is not swept in the middle of its own completion", async () => {
  const clock = manualClock();
  let lateMs = 0;
  let tickMs = 0;
  const ticking = { ...clock, now: () => clock.now() + (lateMs += tickMs) };
  const store = memoryStore({ maxBytes: 2 * 768 + 1000, clock: ticking });
  const [a, b] = [request("a"), request("b")];
  await store.claim(a);
  await store.claim(b);
  // Its retention ends between two looks at the clock, and there is room only if others have gone.
  await clock.advance(9999.7);
  tickMs = 0.2;
  expect(() => store.complete({ ...a, fence: 1 }, Buffer.alloc(1100), 10_000)).toThrow(
    StoreFullError,
  );
  await clock.advance(1);
  expect(store.claim({ ...a, retentionMs: 90_000 })).toEqual({ state: "claimed", fence: 1 });
  await clock.advance(20_000);
  expect(store.claim(request("a"))).toEqual({ state: "claimed", fence: 2 });
});

test("100,000 live keys, 20 of them with 5 MB, take no more than maxBytes, and nothing once expired", async () => {
  const live = 100_000;
  const five = 5 * 2 ** 20;
  const maxBytes = live * 768 + 20 * five;
  const clock = manualClock();
  const store = memoryStore({ maxEntries: live, maxBytes, clock });
  const before = heldBytes();
  const grownBytes = (): number => heldBytes() - before;
  // V8 frees buffers a while after the collection that finds them.
  const collected = { timeout: 10_000 };
  const asked = Array.from({ length: 21 }, () => request(randomBytes(32).toString("base64url")));
  for (const one of asked) await store.claim(one);
  for (let number = asked.length; number < live; number += 1) {
    const one = request(randomBytes(32).toString("base64url"));
    await store.claim(one);
    await store.complete({ ...one, fence: 1 }, randomBytes(100), 10_000);
  }
  expect(() => store.claim(request("one more"))).toThrow(StoreFullError);
  const [last, ...large] = asked;
  // A part of twice as much, which must not be kept with it; and nothing of it is kept here either.
  const complete = (one: ClaimRequest): unknown =>
    store.complete({ ...one, fence: 1 }, new Uint8Array(2 * five).subarray(five), 10_000);
  for (const one of large) expect(complete(one)).toBe(true);
  expect(() => complete(last!)).toThrow(StoreFullError);
  for (const one of large) {
    expect(await store.claim(request(one.id))).toMatchObject({ state: "completed" });
  }
  await expect.poll(grownBytes, collected).toBeLessThan(maxBytes);
  await clock.advance(12_000);
  await expect.poll(grownBytes, collected).toBeLessThan(maxBytes / 10);
  expect(await store.claim(request(last!.id))).toEqual({ state: "claimed", fence: 1 });
}, 60_000);

test.each([
  [{ maxEntries: 0 }, "maxEntries"],
  [{ maxBytes: 1.5 }, "maxBytes"],
  [{ maxEntry: 1 }, "options.maxEntry"],
])("a wrong option is refused: %j", (options, path) => {
  expect(() => memoryStore(options as never)).toThrow(path);
});
