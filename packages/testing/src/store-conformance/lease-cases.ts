import assert from "node:assert/strict";

import {
  claimAgain,
  assertCompleted,
  claimNew,
  longMs,
  newOwner,
  overMs,
  shortMs,
  type StoreCase,
} from "./store-case.ts";

const response = Buffer.from("the first response");

/** Cases about the lease of a claim, and about who may still end the claim once its lease has expired. */
export const leaseCases: readonly StoreCase[] = [
  {
    name: "an expired lease is taken over, with the next fence",
    async run(harness) {
      const { request } = await claimNew(harness, { leaseMs: shortMs });
      await harness.advance(overMs);
      const next = { leaseMs: shortMs };
      assert.deepEqual(await claimAgain(harness, request, next), { state: "claimed", fence: 2 });
      assert.equal((await claimAgain(harness, request)).state, "in-flight");
      await harness.advance(overMs);
      assert.deepEqual(await claimAgain(harness, request), { state: "claimed", fence: 3 });
    },
  },
  {
    name: "an expired lease is not taken over without takeOver",
    async run(harness) {
      const { request, token } = await claimNew(harness, { leaseMs: shortMs });
      await harness.advance(overMs);
      const result = await claimAgain(harness, request, { takeOver: false });
      assert.deepEqual(result, { state: "lapsed" });
      assert.equal(await harness.store.complete(token, response, longMs), true);
      await assertCompleted(harness, request, response);
    },
  },
  {
    name: "a lease is renewed, also after it has expired",
    async run(harness) {
      const { request, token } = await claimNew(harness, { leaseMs: shortMs });
      await harness.advance(overMs);
      assert.equal(await harness.store.renew(token, longMs), true);
      assert.equal((await claimAgain(harness, request)).state, "in-flight");
    },
  },
  {
    name: "a record lives as long as its lease, even beyond its retention",
    async run(harness) {
      const { request, token } = await claimNew(harness, {
        leaseMs: shortMs,
        retentionMs: shortMs,
      });
      assert.equal(await harness.store.renew(token, longMs), true);
      await harness.advance(overMs);
      assert.equal((await claimAgain(harness, request)).state, "in-flight");
    },
  },
  {
    name: "an owner that was taken over can neither renew, complete nor release",
    async run(harness) {
      const { request, token } = await claimNew(harness, { leaseMs: shortMs });
      await harness.advance(overMs);
      const owner = newOwner();
      assert.deepEqual(await claimAgain(harness, request, { owner }), {
        state: "claimed",
        fence: 2,
      });
      assert.equal(await harness.store.renew(token, longMs), false);
      assert.equal(await harness.store.complete(token, Buffer.from("late"), longMs), false);
      assert.equal(await harness.store.release(token), false);
      const successor = { id: request.id, owner, fence: 2 };
      assert.equal(await harness.store.complete(successor, response, longMs), true);
      assert.equal(await harness.store.complete(token, Buffer.from("later"), longMs), false);
      await assertCompleted(harness, request, response);
    },
  },
  {
    name: "a completion that is repeated by its owner changes nothing",
    async run(harness) {
      const { request, token } = await claimNew(harness);
      assert.equal(await harness.store.complete(token, response, longMs), true);
      assert.equal(await harness.store.complete(token, response, longMs), true);
      await assertCompleted(harness, request, response);
    },
  },
];
