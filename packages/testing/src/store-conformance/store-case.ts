import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import type { ClaimRequest, ClaimResult, ClaimToken, IdempotencyStore } from "@reissue/core";

/** The environment in which a store is tested. */
export interface StoreHarness {
  readonly store: IdempotencyStore;
  /** Lets time pass for the store, in ms: advances the store's clock, or waits. */
  advance(ms: number): Promise<void>;
}

/** One requirement of stores; throws an `AssertionError` where a store does not meet it. */
export interface StoreCase {
  readonly name: string;
  run(harness: StoreHarness): Promise<void>;
}

/** A lease that outlasts a case, in ms, and one that expires during a case. */
export const longMs = 60_000;
export const shortMs = 400;
/** How long a case waits for a short lease to expire, in ms. */
export const overMs = 600;

/** A random owner of a claim, as the engine creates them. */
export function newOwner(): string {
  return randomBytes(16).toString("base64url");
}

/** A claim of a new record, unless the fields say otherwise. */
export function newRequest(fields: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    id: randomBytes(32).toString("base64url"),
    owner: newOwner(),
    fingerprint: randomBytes(32).toString("base64url"),
    leaseMs: longMs,
    retentionMs: longMs,
    takeOver: true,
    ...fields,
  };
}

/** Claims a new record. */
export async function claimNew(
  { store }: StoreHarness,
  fields: Partial<ClaimRequest> = {},
): Promise<{ readonly request: ClaimRequest; readonly token: ClaimToken }> {
  const request = newRequest(fields);
  const result = await store.claim(request);
  assert.deepEqual(result, { state: "claimed", fence: 1 });
  return { request, token: { id: request.id, owner: request.owner, fence: 1 } };
}

/** Claims a record as another owner. */
export async function claimAgain(
  { store }: StoreHarness,
  request: ClaimRequest,
  fields: Partial<ClaimRequest> = {},
): Promise<ClaimResult> {
  return store.claim({ ...request, owner: newOwner(), ...fields });
}

/** Asserts that a record is completed with these bytes. */
export async function assertCompleted(
  harness: StoreHarness,
  request: ClaimRequest,
  response: Uint8Array,
): Promise<void> {
  const result = await claimAgain(harness, request);
  assert.equal(result.state, "completed");
  assert.ok(Buffer.from(result.answer).equals(response), "The bytes of the response differ");
}
