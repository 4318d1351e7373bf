import { randomBytes } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { manualClock } from "@reissue/testing";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import {
  idempotencyChannel,
  type IdempotencyMessage,
} from "../../diagnostics/idempotency-channel.ts";
import { memoryStore } from "./memory-store.ts";
import { newOwner } from "../claim/owner.ts";
import { StoreFullError } from "./store-error.ts";
import type { ClaimRequest, ClaimResult, IdempotencyStore } from "./store.ts";

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

test("a store is full at maxEntries: new keys are refused, and no key is lost", async () => {
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

test("a store is full at maxBytes: a response has no room, and its record is unchanged", async () => {
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

test("expired records make room before anything is refused", async () => {
  const clock = manualClock();
  const store = memoryStore({ maxBytes: 10_000, clock });
  const a = request("a");
  await store.claim(a);
  await store.complete({ ...a, fence: 1 }, Buffer.alloc(8600), 500);
  expect(() => store.claim(request("b"))).toThrow(StoreFullError);
  await clock.advance(500);
  expect(await store.claim(request("b"))).toMatchObject({ state: "claimed" });
});

/** Claims a key, and completes it. */
function complete(store: IdempotencyStore, id: string, bytes = 1): void {
  const asked = { ...request(id), retentionMs: 86_400_000 };
  expect(store.claim(asked)).toEqual({ state: "claimed", fence: 1 });
  expect(store.complete({ ...asked, fence: 1 }, Buffer.alloc(bytes), 86_400_000)).toBe(true);
}

function state(store: IdempotencyStore, id: string): string {
  return (store.claim(request(id)) as ClaimResult).state;
}

/** The warnings that the process was given, and what the channel said was forgotten, from now on. */
function heard(): { readonly warnings: string[]; readonly forgotten: string[] } {
  const warnings: string[] = [];
  const emit = vi.spyOn(process, "emitWarning");
  emit.mockImplementation((message, options) => {
    expect(options).toEqual({ code: "REISSUE_MEMORY_STORE" });
    warnings.push(String(message));
  });
  const forgotten: string[] = [];
  const listen = (message: unknown): void => {
    const { event, id } = message as IdempotencyMessage;
    if (event === "forgotten") forgotten.push(String(id));
  };
  idempotencyChannel.subscribe(listen);
  onTestFinished(() => {
    emit.mockRestore();
    idempotencyChannel.unsubscribe(listen);
  });
  return { warnings, forgotten };
}

describe("a full store", () => {
  test("forgets the response that was completed first, from minRetentionMs on, and reports it", async () => {
    const { warnings, forgotten } = heard();
    const clock = manualClock();
    const store = memoryStore({ clock, maxEntries: 3 });
    for (const id of ["a", "b", "c"]) {
      complete(store, id);
      await clock.advance(1000);
    }
    expect(() => store.claim(request("d"))).toThrow(StoreFullError);
    await clock.advance(597_000 - 1);
    expect(() => store.claim(request("d"))).toThrow(StoreFullError);
    expect([forgotten, warnings.length]).toEqual([[], 1]);
    await clock.advance(1);
    complete(store, "d");
    expect(() => store.claim(request("e"))).toThrow(StoreFullError);
    await clock.advance(2000);
    complete(store, "e");
    complete(store, "f");
    expect(forgotten).toEqual(["a", "b", "c"]);
    expect(["d", "e", "f"].map((id) => state(store, id))).toEqual(Array(3).fill("completed"));
    expect(warnings).toEqual([
      expect.stringMatching(/maxEntries 3.* new keys are refused with 503/),
      expect.stringMatching(/forgets the oldest responses .*use Redis or PostgreSQL/),
    ]);
  });

  test("takes 1.2 keyed requests per second for days", async () => {
    const { forgotten } = heard();
    const clock = manualClock();
    const store = memoryStore({ clock, maxEntries: 1000 });
    for (let number = 0; number < 5000; number += 1) {
      complete(store, `k-${number}`);
      await clock.advance(833);
    }
    expect(forgotten).toHaveLength(4000);
    expect([state(store, "k-4999"), state(store, "k-4000")]).toEqual(["completed", "completed"]);
  });

  test("never forgets a claim in flight, lapsed or not, and never a late completion", async () => {
    const { forgotten } = heard();
    const clock = manualClock();
    const store = memoryStore({ clock, maxEntries: 3 });
    const long = { retentionMs: 86_400_000 };
    await store.claim({ ...request("running"), leaseMs: 86_400_000, ...long });
    await store.claim({ ...request("lapsed"), ...long });
    const late = { ...request("late"), ...long };
    await store.claim(late);
    await clock.advance(3_600_000);
    await store.complete({ ...late, fence: 1 }, Buffer.from("late"), 86_400_000);
    expect(() => store.claim(request("new"))).toThrow(StoreFullError);
    await clock.advance(600_000);
    expect(state(store, "new")).toBe("claimed");
    expect(forgotten).toEqual(["late"]);
    const ask = (id: string): unknown => store.claim({ ...request(id), takeOver: false });
    expect(ask("running")).toMatchObject({ state: "in-flight" });
    expect(ask("lapsed")).toEqual({ state: "lapsed" });
  });

  test("makes room for a large response with as many small ones as it takes, and with none if they are too few", async () => {
    const { forgotten } = heard();
    const clock = manualClock();
    const store = memoryStore({ clock, maxBytes: 4 * 768 + 3000 });
    complete(store, "a", 1000);
    complete(store, "b", 1000);
    await clock.advance(600_000);
    complete(store, "c", 1000);
    const large = request("large");
    await store.claim(large);
    const keep = (bytes: number): unknown =>
      store.complete({ ...large, fence: 1 }, Buffer.alloc(bytes), 10_000);
    expect(() => keep(4000)).toThrow(StoreFullError);
    expect(forgotten).toEqual([]);
    expect(keep(3500)).toBe(true);
    expect(forgotten).toEqual(["a", "b"]);
    expect(state(store, "c")).toBe("completed");
  });

  test("forgets nothing early if minRetentionMs is the retention", async () => {
    const { forgotten } = heard();
    const clock = manualClock();
    const store = memoryStore({ clock, maxEntries: 1, minRetentionMs: 86_400_000 });
    complete(store, "a");
    await clock.advance(86_399_999);
    expect(() => store.claim(request("b"))).toThrow(StoreFullError);
    await clock.advance(1);
    expect([state(store, "b"), forgotten]).toEqual(["claimed", []]);
  });

  test("counts released, expired and forgotten records", async () => {
    heard();
    const clock = manualClock();
    const store = memoryStore({ clock, maxEntries: 10, minRetentionMs: 0 });
    for (let round = 0; round < 200; round += 1) {
      complete(store, `c-${round}`, round * 10);
      const released = request(`r-${round}`);
      await store.claim(released);
      if (round % 2 === 0) await store.release({ id: released.id, owner: released.owner });
      await clock.advance(round % 7 === 0 ? 11_000 : 10);
    }
    await clock.advance(11_000);
    // All in flight have expired: ten completions are what is left, and each new one takes the place of one.
    for (let number = 0; number < 10; number += 1) complete(store, `last-${number}`);
    for (let number = 0; number < 10; number += 1)
      expect(state(store, `last-${number}`)).toBe("completed");
  });
});

test("a store empties by itself, and then needs no timer", async () => {
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

test("a record is not swept during its own completion", async () => {
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

test("a store of 100,000 live keys, 20 of them with 5 MB, takes at most maxBytes, and nothing after they expire", async () => {
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
  [{ minRetentionMs: -1 }, "minRetentionMs"],
  [{ maxEntry: 1 }, "options.maxEntry"],
])("a wrong option is refused: %j", (options, path) => {
  expect(() => memoryStore(options as never)).toThrow(path);
});
