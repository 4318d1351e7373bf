import type { Awaitable } from "../../common/awaitable.ts";

/** Who holds a record, as far as it is known where the reply to a claim was lost: what `release` is let in by. */
export interface ClaimOwner {
  /** The record's name: 43 characters of base64url. */
  readonly id: string;
  /** Who claimed it: 22 characters of base64url, drawn for this claim alone. */
  readonly owner: string;
  /** As in {@link ClaimToken}; undefined where nobody knows it. */
  readonly fence?: number | undefined;
}

/** Who holds a record: what `renew` and `complete` are let in by. */
export interface ClaimToken extends ClaimOwner {
  /** 1 for the record's first claim, and one more for each time that it was taken over after a lapse. */
  readonly fence: number;
}

/** What a claim asks for. */
export interface ClaimRequest {
  readonly id: string;
  readonly owner: string;
  /** 43 characters of base64url. */
  readonly fingerprint: string;
  /** How long the claim holds unless it is renewed, in ms of the store's own time. */
  readonly leaseMs: number;
  /** How long the record is remembered from now on, in ms of the store's own time; at least the lease. */
  readonly retentionMs: number;
  /** Whether a claim that has lapsed is taken over; otherwise it stays, and the result is `lapsed`. */
  readonly takeOver: boolean;
}

/** What a claim came to. */
export type ClaimResult =
  /** The caller holds the record. */
  | { readonly state: "claimed"; readonly fence: number }
  /** Somebody else holds it, for so long at least. */
  | { readonly state: "in-flight"; readonly leaseLeftMs: number }
  /** The key was used with another fingerprint. */
  | { readonly state: "mismatch" }
  /** Whoever held it let the lease run out, and it was not to be taken over. */
  | { readonly state: "lapsed" }
  /** It is completed, with these bytes. */
  | { readonly state: "completed"; readonly answer: Uint8Array };

/**
 * Keeps one record for each idempotency key.
 *
 * Every method is atomic against all others on the same record, from whatever process, and takes one round trip. Time
 * is the store's, never the caller's. A method that cannot do its work rejects, or throws; it never pretends. One that
 * has done it by the time that it returns may give what it came to without a promise. A method may be called again by a
 * client that lost the reply, and then says the same: a claim by the owner who holds the record is `claimed` with the
 * same fence, a completion by the owner who completed it is true.
 *
 * `storeConformance` of `@reissue/testing` has the cases that a store of your own must pass.
 */
export interface IdempotencyStore {
  /**
   * Takes the record if it is free, or says why not, in this order: no record, or one whose retention is over, is free;
   * another fingerprint is `mismatch`; a completed one is `completed`; one whose lease runs is `in-flight`; and one
   * whose lease has run out is taken over with the next fence, or `lapsed`. Only `claimed` changes the record.
   */
  claim(request: ClaimRequest): Awaitable<ClaimResult>;

  /**
   * Lets the lease run for `leaseMs` from now, whether or not it had run out, and the record live as long at least; false
   * where the token holds nothing.
   */
  renew(token: ClaimToken, leaseMs: number): Awaitable<boolean>;

  /**
   * Keeps the answer for `retentionMs` from now; false where the token holds nothing, because it was taken over. A lease
   * that has run out does not matter while nobody has taken over.
   */
  complete(token: ClaimToken, answer: Uint8Array, retentionMs: number): Awaitable<boolean>;

  /**
   * Forgets the record, so that the next claim is the first; false where the owner holds nothing, or it is completed. The
   * owner alone decides: where the reply to a claim was lost, nobody knows its fence.
   */
  release(owner: ClaimOwner): Awaitable<boolean>;
}
