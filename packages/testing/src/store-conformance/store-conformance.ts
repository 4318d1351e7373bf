import assert from "node:assert/strict";

import { leaseCases } from "./lease-cases.ts";
import {
  claimAgain,
  assertCompleted,
  claimNew,
  longMs,
  newOwner,
  overMs,
  newRequest,
  shortMs,
  type StoreCase,
} from "./store-case.ts";

const response = Buffer.from("the first response");
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

/**
 * Requirements of an idempotency store, as cases for any test runner.
 *
 * Each case has records of its own, so that one store serves all of them, one after the other or at once.
 *
 * @example
 * ```js
 * for (const { name, run } of storeConformance) {
 *   test(name, () => run({ store, advance: (ms) => new Promise((done) => setTimeout(done, ms)) }));
 * }
 * ```
 */
export const storeConformance: readonly StoreCase[] = [
  {
    name: "a key is claimed once, and then in flight for as long as its lease",
    async run(harness) {
      const { request } = await claimNew(harness);
      const result = await claimAgain(harness, request);
      assert.equal(result.state, "in-flight");
      assert.ok(result.leaseLeftMs > longMs / 2 && result.leaseLeftMs <= longMs);
    },
  },
  {
    name: "records of different keys are independent",
    async run(harness) {
      const { request } = await claimNew(harness);
      await claimNew(harness, { fingerprint: request.fingerprint });
    },
  },
  {
    name: "keys differ by every character, and by its case",
    async run(harness) {
      const rest = newRequest().id.slice(2);
      const ids = ["--", "__", "-_", "00", "aa", "aA", "Aa"].map((start) => `${start}${rest}`);
      ids.push(`${rest}--`, `${rest}__`);
      const claims = await Promise.all(ids.map((id) => claimNew(harness, { id })));
      for (const { request, token } of claims) {
        const bytes = Buffer.from(request.id);
        assert.equal(await harness.store.complete(token, bytes, longMs), true);
      }
      for (const { request } of claims)
        await assertCompleted(harness, request, Buffer.from(request.id));
    },
  },
  {
    name: "a claim that is repeated by its owner is the same claim",
    async run(harness) {
      const { request } = await claimNew(harness);
      assert.deepEqual(await harness.store.claim(request), { state: "claimed", fence: 1 });
    },
  },
  {
    name: "a completed key gives its response, to every claim and always the same",
    async run(harness) {
      const { request, token } = await claimNew(harness);
      assert.equal(await harness.store.complete(token, response, longMs), true);
      await assertCompleted(harness, request, response);
      await assertCompleted(harness, request, response);
    },
  },
  ...[
    ["every byte", everyByte] as const,
    ["no byte", Buffer.alloc(0)] as const,
    ["a mebibyte", Buffer.alloc(1_048_576, everyByte)] as const,
    ["a part of a larger buffer", everyByte.subarray(100, 200)] as const,
  ].map(([name, bytes]): StoreCase => ({
    name: `a response of ${name} comes back unchanged`,
    async run(harness) {
      const { request, token } = await claimNew(harness);
      assert.equal(await harness.store.complete(token, bytes, longMs), true);
      await assertCompleted(harness, request, bytes);
    },
  })),
  {
    name: "a response is stored as it was given, whatever happens to its buffer later",
    async run(harness) {
      const { request, token } = await claimNew(harness);
      const bytes = Buffer.from(response);
      assert.equal(await harness.store.complete(token, bytes, longMs), true);
      bytes.fill(0);
      await assertCompleted(harness, request, response);
    },
  },
  {
    name: "another fingerprint is a mismatch, in flight, lapsed or completed, and changes nothing",
    async run(harness) {
      const other = { fingerprint: newRequest().fingerprint };
      const { request, token } = await claimNew(harness, { leaseMs: shortMs });
      assert.deepEqual(await claimAgain(harness, request, other), { state: "mismatch" });
      await harness.advance(overMs);
      assert.deepEqual(await claimAgain(harness, request, other), { state: "mismatch" });
      assert.equal(await harness.store.complete(token, response, longMs), true);
      assert.deepEqual(await claimAgain(harness, request, other), { state: "mismatch" });
      await assertCompleted(harness, request, response);
    },
  },
  ...leaseCases,
  {
    name: "a completed record is neither renewed nor released",
    async run(harness) {
      const { request, token } = await claimNew(harness);
      await harness.store.complete(token, response, longMs);
      assert.equal(await harness.store.renew(token, longMs), false);
      assert.equal(await harness.store.release(token), false);
      await assertCompleted(harness, request, response);
    },
  },
  {
    name: "a released key is free, also for another request",
    async run(harness) {
      const { request, token } = await claimNew(harness);
      assert.equal(await harness.store.release(token), true);
      assert.equal(await harness.store.release(token), false);
      await claimNew(harness, { id: request.id });
      assert.equal(await harness.store.renew(token, longMs), false);
      assert.equal(await harness.store.release(token), false);
      assert.equal(await harness.store.complete(token, response, longMs), false);
    },
  },
  {
    name: "a claim is released by its owner, since its fence may be unknown: first, taken over, or lapsed",
    async run(harness) {
      const first = await claimNew(harness, { leaseMs: shortMs });
      const lapsed = await claimNew(harness, { leaseMs: shortMs });
      await harness.advance(overMs);
      const owner = newOwner();
      assert.deepEqual(await claimAgain(harness, first.request, { owner }), {
        state: "claimed",
        fence: 2,
      });
      const { id } = first.request;
      assert.equal(await harness.store.release({ id, owner: first.request.owner }), false);
      assert.equal((await claimAgain(harness, first.request)).state, "in-flight");
      assert.equal(await harness.store.release({ id, owner }), true);
      await claimNew(harness, { id });
      const { id: lapsedId, owner: lapsedOwner } = lapsed.request;
      assert.equal(await harness.store.release({ id: lapsedId, owner: lapsedOwner }), true);
      await claimNew(harness, { id: lapsedId });
    },
  },
  {
    name: "a key is free again when its retention has expired, in flight or completed",
    async run(harness) {
      const brief = { leaseMs: shortMs, retentionMs: shortMs };
      const inFlight = await claimNew(harness, brief);
      const completed = await claimNew(harness);
      await harness.store.complete(completed.token, response, shortMs);
      await harness.advance(overMs);
      for (const { request, token } of [inFlight, completed]) {
        assert.equal(await harness.store.renew(token, longMs), false);
        assert.equal(await harness.store.complete(token, response, longMs), false);
        await claimNew(harness, { id: request.id });
      }
    },
  },
  {
    name: "a completion starts the retention again",
    async run(harness) {
      const { request, token } = await claimNew(harness, {
        leaseMs: shortMs,
        retentionMs: 5 * overMs,
      });
      await harness.advance(3 * overMs);
      await harness.store.complete(token, response, 5 * overMs);
      await harness.advance(3 * overMs);
      await assertCompleted(harness, request, response);
    },
  },
  {
    name: "a record that was never claimed has no owner",
    async run({ store }) {
      const { id, owner } = newRequest();
      const token = { id, owner, fence: 1 };
      assert.equal(await store.renew(token, longMs), false);
      assert.equal(await store.complete(token, response, longMs), false);
      assert.equal(await store.release(token), false);
    },
  },
  {
    name: "of many concurrent claims one succeeds",
    async run({ store }) {
      const race = async (): Promise<void> => {
        const { id, fingerprint } = newRequest();
        const claims = Array.from({ length: 16 }, async () =>
          store.claim(newRequest({ id, fingerprint })),
        );
        const states = (await Promise.all(claims)).map(({ state }) => state);
        assert.equal(states.filter((state) => state === "claimed").length, 1);
        assert.equal(states.filter((state) => state === "in-flight").length, 15);
      };
      // One after the other: all at once they would delay the calls of other cases, which have timeouts.
      for (let round = 0; round < 50; round += 1) await race();
    },
  },
  {
    name: "of many concurrent takeovers one succeeds",
    async run(harness) {
      const { request } = await claimNew(harness, { leaseMs: shortMs });
      await harness.advance(overMs);
      const claims = Array.from({ length: 16 }, () => claimAgain(harness, request));
      const results = (await Promise.all(claims)).filter(({ state }) => state === "claimed");
      assert.deepEqual(results, [{ state: "claimed", fence: 2 }]);
    },
  },
  {
    name: "a claim during a completion gets either state, complete",
    async run(harness) {
      const { request, token } = await claimNew(harness);
      const claims = Array.from({ length: 8 }, () => claimAgain(harness, request));
      const [completed, ...results] = await Promise.all([
        harness.store.complete(token, response, longMs),
        ...claims,
      ]);
      assert.equal(completed, true);
      for (const result of results) {
        if (result.state === "completed") assert.ok(Buffer.from(result.answer).equals(response));
        else assert.equal(result.state, "in-flight");
      }
    },
  },
];
