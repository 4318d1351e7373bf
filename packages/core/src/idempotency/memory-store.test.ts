import { randomUUID } from "node:crypto";

import { manualClock } from "@reissue/testing";
import { expect, test } from "vitest";

import { memoryStore } from "./memory-store.ts";
import { StoreFullError } from "./store-error.ts";
import type { ClaimRequest } from "./store.ts";

function request(id: string): ClaimRequest {
  const times = { leaseMs: 1000, retentionMs: 10_000 };
  return { id, owner: randomUUID(), fingerprint: "f", takeOver: true, ...times };
}

test("it is full at maxEntries: new keys are refused, and no key is lost", async () => {
  const clock = manualClock();
  const store = memoryStore({ maxEntries: 2, clock });
  const [a, b, c] = [request("a"), request("b"), request("c")];
  await store.claim(a);
  await store.claim(b);
  await store.complete({ ...b, fence: 1 }, Buffer.from("b"), 10_000);
  await expect(store.claim(c)).rejects.toThrow(StoreFullError);
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
  expect(await store.complete({ ...a, fence: 1 }, Buffer.alloc(7000), 10_000)).toBe(true);
  const large = store.complete({ ...b, fence: 1 }, Buffer.alloc(1000), 10_000);
  await expect(large).rejects.toThrow(StoreFullError);
  expect(await store.claim(request("b"))).toMatchObject({ state: "in-flight" });
  // That it was answered has room always.
  expect(await store.complete({ ...b, fence: 1 }, Buffer.alloc(200), 10_000)).toBe(true);
  await expect(store.claim(request("c"))).rejects.toThrow(StoreFullError);
});

test("what has expired makes room, before anything is refused", async () => {
  const clock = manualClock();
  const store = memoryStore({ maxBytes: 10_000, clock });
  const a = request("a");
  await store.claim(a);
  await store.complete({ ...a, fence: 1 }, Buffer.alloc(8000), 500);
  await expect(store.claim(request("b"))).rejects.toThrow(StoreFullError);
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

test("100,000 live keys and 20 answers of 5 MB stay within the bounds", async () => {
  const maxBytes = 300 * 2 ** 20;
  const clock = manualClock();
  const store = memoryStore({ maxEntries: 100_000, maxBytes, clock });
  const memory = (): number => {
    global.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = memory();
  for (let number = 0; number < 100_000; number += 1) {
    await store.claim(request(`${number}`.padStart(43, "k")));
  }
  await expect(store.claim(request("one more"))).rejects.toThrow(StoreFullError);
  const five = 5 * 2 ** 20;
  for (let number = 0; number < 20; number += 1) {
    const asked = request(`${number}`.padStart(43, "k"));
    const first = await store.claim(asked);
    expect(first).toMatchObject({ state: "in-flight" });
  }
  // The bound is kept in what the process really holds, with room for what V8 has not collected yet.
  expect(memory() - before).toBeLessThan(maxBytes);
  await clock.advance(11_000);
  for (let number = 0; number < 20; number += 1) {
    const asked = request(`large-${number}`);
    await store.claim(asked);
    expect(await store.complete({ ...asked, fence: 1 }, Buffer.alloc(five), 10_000)).toBe(true);
  }
  expect(memory() - before).toBeLessThan(maxBytes);
});

test.each([
  [{ maxEntries: 0 }, "maxEntries"],
  [{ maxBytes: 1.5 }, "maxBytes"],
  [{ maxEntry: 1 }, "options.maxEntry"],
])("a wrong option is refused: %j", (options, path) => {
  expect(() => memoryStore(options as never)).toThrow(path);
});
