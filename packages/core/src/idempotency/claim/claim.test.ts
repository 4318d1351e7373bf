import { expect, test } from "vitest";

import { response, bench, events } from "./begin-claim.test.fixture.ts";
import { StoreFullError } from "../store/store-error.ts";

test("a heartbeat keeps the lease for as long as the handler runs", async () => {
  const b = bench({ leaseMs: 6000, maxRunMs: 60_000 });
  const claim = await b.run();
  await b.clock.advance(59_000);
  expect((await b.ask()).action).toBe("refuse");
  expect(await claim.complete(response)).toBe(true);
});

test("a handler that runs for too long lets its lease run out", async () => {
  const b = bench({ leaseMs: 6000, maxRunMs: 20_000 });
  const claim = await b.run();
  await b.clock.advance(22_000);
  expect((await b.ask()).action).toBe("refuse");
  await b.clock.advance(6000);
  expect(await b.run()).toMatchObject({ fence: 2 });
  expect(await claim.complete(response)).toBe(false);
  expect(events(b)).toEqual(["claimed", "abandoned", "in-flight", "taken-over", "lost"]);
});

test.each(["at-least-once", "at-most-once"] as const)(
  "%s: the late response of a handler is kept if no other request has taken over",
  async (guarantee) => {
    const b = bench({ leaseMs: 6000, maxRunMs: 20_000, guarantee });
    const claim = await b.run();
    await b.clock.advance(60_000);
    expect(await claim.complete(response)).toBe(true);
    expect(await b.ask()).toMatchObject({ action: "replay", response });
    expect(events(b)).toEqual(["claimed", "abandoned", "completed", "replayed"]);
  },
);

test("a handler that runs for too long and is then abandoned is reported once", async () => {
  const b = bench({ leaseMs: 6000, maxRunMs: 0 });
  const claim = await b.run();
  await b.clock.advance(6000);
  claim.abandon();
  expect(claim.settled).toBe(true);
  expect(events(b)).toEqual(["claimed", "abandoned"]);
});

test.each(["complete", "release", "abandon", "markCompleted"] as const)(
  "%s ends the heartbeat, and every later call does nothing",
  async (settle) => {
    let calls = 0;
    const count = async (): Promise<boolean> => {
      calls += 1;
      return true;
    };
    const b = bench({ leaseMs: 6000 }, () => ({ renew: count, complete: count, release: count }));
    const claim = await b.run();
    const pending = b.clock.pending;
    await (settle === "complete" ? claim.complete(response) : claim[settle]());
    expect([claim.settled, b.clock.pending]).toEqual([true, pending - 1]);
    const before = calls;
    expect(await claim.complete(response)).toBe(false);
    await claim.release();
    claim.abandon();
    claim.markCompleted();
    await b.clock.advance(60_000);
    expect(calls).toBe(before);
    expect(b.messages).toHaveLength(2);
  },
);

test("a failed renewal is repeated in time", async () => {
  let failures = 1;
  const b = bench({ leaseMs: 6000 }, (memory) => ({
    renew: (token, leaseMs) =>
      failures-- > 0 ? Promise.reject(new Error("down")) : memory.renew(token, leaseMs),
  }));
  await b.run();
  await b.clock.advance(5999);
  expect(events(b)).toEqual(["claimed", "store-failed"]);
  expect((await b.ask()).action).toBe("refuse");
});

test("a renewal that times out is repeated when a third of the lease is left", async () => {
  const begunAtMs: number[] = [];
  const b = bench({ leaseMs: 6000, storeTimeoutMs: 2000 }, () => ({
    renew: () => {
      begunAtMs.push(b.clock.now());
      return new Promise(() => {});
    },
  }));
  const startMs = b.clock.now();
  await b.run();
  await b.clock.advance(6000);
  expect(begunAtMs.slice(0, 2).map((ms) => ms - startMs)).toEqual([2000, 4000]);
});

test("a claim that was lost in the meantime reports it once", async () => {
  const b = bench({ leaseMs: 6000 }, () => ({ renew: async () => false }));
  const claim = await b.run();
  await b.clock.advance(60_000);
  expect(claim.settled).toBe(true);
  expect(events(b)).toEqual(["claimed", "lost"]);
  expect(b.messages[1]).toMatchObject({ fence: 1 });
});

test("a response is not stored after a takeover", async () => {
  const b = bench({ leaseMs: 6000 }, () => ({ renew: () => Promise.reject(new Error("down")) }));
  const claim = await b.run();
  await b.clock.advance(6000);
  const successor = await b.run();
  expect(await claim.complete({ ...response, body: Buffer.from("late") })).toBe(false);
  expect(await successor.complete(response)).toBe(true);
  expect(await b.ask()).toMatchObject({ action: "replay", response });
  expect(events(b)).toContain("lost");
});

test.each<[string, () => Promise<never>]>([
  ["rejects", () => Promise.reject(new Error("down"))],
  [
    "throws",
    () => {
      throw new Error("down");
    },
  ],
])(
  "a store that %s at the end causes no failure, and the response is not reported as kept",
  async (_, down) => {
    const b = bench({}, () => ({ complete: down, release: down }));
    expect(await (await b.run()).complete(response)).toBe(false);
    await (
      await b.ask({ key: "other" }).then((it) => (it.action === "run" ? it.claim : null))
    )?.release();
    expect(b.messages).toMatchObject([
      { event: "claimed" },
      { event: "store-failed", operation: "complete", error: { message: "down" } },
      { event: "claimed" },
      { event: "store-failed", operation: "release" },
    ]);
  },
);

test("a store that is slow at the end is not waited for", async () => {
  const b = bench({ storeTimeoutMs: 50 }, () => ({ complete: () => new Promise(() => {}) }));
  const claim = await b.run();
  const completed = claim.complete(response);
  await b.clock.advance(50);
  expect(await completed).toBe(false);
});

test.each<[string, () => Promise<never>]>([
  ["rejects", () => Promise.reject(new StoreFullError())],
  [
    "throws",
    () => {
      throw new StoreFullError();
    },
  ],
])("the store keeps a tombstone if it has no room for the response and %s", async (_, full) => {
  const b = bench({}, (memory) => ({
    complete: (token, bytes, retentionMs) =>
      bytes.byteLength > 200 ? full() : memory.complete(token, bytes, retentionMs),
  }));
  const claim = await b.run();
  expect(await claim.complete({ ...response, body: Buffer.alloc(1000) })).toBe(true);
  expect(await b.ask()).toMatchObject({ error: { code: "ERR_REISSUE_KEY_ANSWER_NOT_KEPT" } });
});

test("the signal of a claim aborts when another request has taken over, whenever it is first read", async () => {
  const b = bench({ leaseMs: 6000 }, () => ({ renew: async () => false }));
  const claim = await b.run();
  const { signal } = claim;
  expect([claim.signal === signal, signal.aborted, claim.lost]).toEqual([true, false, false]);
  await b.clock.advance(2000);
  const reason = { status: 409, code: "ERR_REISSUE_CLAIM_LOST", headers: { "Retry-After": "7" } };
  expect(signal.reason).toMatchObject(reason);
  expect([claim.lost, claim.settled]).toEqual([true, true]);
  const other = bench({ leaseMs: 6000 }, () => ({ renew: async () => false }));
  const late = await other.run();
  await other.clock.advance(2000);
  expect(late.signal.reason).toMatchObject(reason);
});

test("one failed renewal does no harm, and after two in a row the claim counts as lost", async () => {
  const isDown = [true, false, true, true, false];
  const b = bench({ leaseMs: 6000 }, (memory) => ({
    renew: (token, leaseMs) =>
      isDown.shift() ? Promise.reject(new Error("down")) : memory.renew(token, leaseMs),
  }));
  const claim = await b.run();
  for (const expected of [false, false, false, true]) {
    await b.clock.advance(2000);
    expect(claim.signal.aborted).toBe(expected);
  }
  // Nobody has taken over, so its answer is kept all the same.
  expect([claim.settled, await claim.complete(response)]).toEqual([false, true]);
});

test("a claim whose renewals time out counts as lost when its lease is over, and not later", async () => {
  const b = bench({ leaseMs: 6000, storeTimeoutMs: 2000 }, () => ({
    renew: () => new Promise(() => {}),
  }));
  const claim = await b.run();
  await b.clock.advance(5999);
  expect(claim.signal.aborted).toBe(false);
  await b.clock.advance(1);
  expect(claim.signal.aborted).toBe(true);
});

test.each(["complete", "release", "abandon", "markCompleted"] as const)(
  "the signal stays as it was after %s",
  async (settle) => {
    const b = bench({ leaseMs: 6000 });
    const claim = await b.run();
    const { signal } = claim;
    await (settle === "complete" ? claim.complete(response) : claim[settle]());
    await b.clock.advance(600_000);
    expect(signal.aborted).toBe(false);
  },
);

test("a claim whose response was sent without its handler is renewed until the handler ends", async () => {
  const b = bench({ leaseMs: 6000, maxRunMs: 60_000 });
  const claim = await b.run();
  claim.outlive();
  await b.clock.advance(50_000);
  expect((await b.ask()).action).toBe("refuse");
  claim.abandon();
  await b.clock.advance(6000);
  expect(await b.run()).toMatchObject({ fence: 2 });
  expect(events(b)).toEqual(["claimed", "abandoned", "in-flight", "taken-over"]);
});

test("a claim whose response was sent without its handler may still be completed", async () => {
  const b = bench({ leaseMs: 6000 });
  const claim = await b.run();
  claim.outlive();
  await b.clock.advance(50_000);
  claim.markCompleted();
  await b.clock.advance(600_000);
  expect(claim.signal.aborted).toBe(false);
  expect(events(b)).toEqual(["claimed", "abandoned", "completed"]);
});
