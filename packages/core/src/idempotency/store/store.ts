import type { Awaitable } from "../../common/awaitable.ts";

/** Owner of a record, as far as it is known where the reply to a claim was lost; sufficient for `release`. */
export interface ClaimOwner {
  /** Name of the record: 43 characters of base64url. */
  readonly id: string;
  /** Owner: 22 characters of base64url, unique to this claim. */
  readonly owner: string;
  /** As in {@link ClaimToken}; undefined if unknown. */
  readonly fence?: number | undefined;
}

/** Proof of holding a record, for `renew` and `complete`. */
export interface ClaimToken extends ClaimOwner {
  /** 1 for the record's first claim, and one more for each takeover after a lapse. */
  readonly fence: number;
}

/** Request for a claim. */
export interface ClaimRequest {
  readonly id: string;
  readonly owner: string;
  /** 43 characters of base64url. */
  readonly fingerprint: string;
  /** Time for which the claim holds unless it is renewed, in ms of the store's own time. */
  readonly leaseMs: number;
  /** Time for which the record is remembered from now on, in ms of the store's own time; at least the lease. */
  readonly retentionMs: number;
  /** Whether a lapsed claim is taken over; otherwise it stays, and the result is `lapsed`. */
  readonly takeOver: boolean;
}

/** Result of a claim. */
export type ClaimResult =
  /** The caller holds the record. */
  | { readonly state: "claimed"; readonly fence: number }
  /** Another owner holds the record, for at least so long. */
  | { readonly state: "in-flight"; readonly leaseLeftMs: number }
  /** The key was used with another fingerprint. */
  | { readonly state: "mismatch" }
  /** The lease has run out, and was not to be taken over. */
  | { readonly state: "lapsed" }
  /** The record is completed, with these bytes. */
  | { readonly state: "completed"; readonly answer: Uint8Array };

/**
 * Store of one record for each idempotency key.
 *
 * Every method is atomic with respect to all others on the same record, from any process, and takes one round trip.
 * Time is the store's, never the caller's. A method that fails rejects or throws, and never pretends to succeed. A
 * method that has finished when it returns may return its result without a promise. A client that lost the reply may
 * repeat a call and gets the same result: a claim by the owner who holds the record is `claimed` with the same fence, a
 * completion by the owner who completed it is true.
 *
 * `storeConformance` of `@reissue/testing` tests a store of your own.
 */
export interface IdempotencyStore {
  /**
   * Claims the record if it is free, or tells why not, in this order: no record, or one whose retention is over, is
   * free; another fingerprint is `mismatch`; a completed record is `completed`; one with a running lease is
   * `in-flight`; one whose lease has run out is taken over with the next fence, or `lapsed`. Only `claimed` changes the
   * record.
   */
  claim(request: ClaimRequest): Awaitable<ClaimResult>;

  /**
   * Extends the lease to `leaseMs` from now, even if it had run out, and the record's retention to at least that; false
   * if the token holds nothing.
   */
  renew(token: ClaimToken, leaseMs: number): Awaitable<boolean>;

  /**
   * Stores the response for `retentionMs` from now; false if the token holds nothing, because the record was taken
   * over. A lease that has run out does not matter until then.
   */
  complete(token: ClaimToken, response: Uint8Array, retentionMs: number): Awaitable<boolean>;

  /**
   * Removes the record, so that the next claim is the first; false if the owner holds nothing, or the record is
   * completed. Only the owner is compared: where the reply to a claim was lost, its fence is unknown.
   */
  release(owner: ClaimOwner): Awaitable<boolean>;
}
