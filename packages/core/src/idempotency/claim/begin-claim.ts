import { attempt, type Awaitable } from "../../common/awaitable.ts";
import { decodeResponse, type StoredResponse } from "../store/stored-response.ts";
import {
  responseNotStoredError,
  keyInFlightError,
  keyMismatchError,
  keyOutcomeUnknownError,
  storeUnavailableError,
  type ClaimError,
} from "./claim-error.ts";
import type { ClaimConfig } from "./claim-config.ts";
import { Claim } from "./claim.ts";
import { publish } from "../../diagnostics/idempotency-channel.ts";
import { newOwner } from "./owner.ts";
import { recordId } from "../hash/record-id.ts";
import { storeCall } from "./store-call.ts";
import { isFull, StoreUnavailableError } from "../store/store-error.ts";
import type { ClaimRequest, ClaimResult } from "../store/store.ts";

/** A request that has a key. */
export interface KeyedRequest {
  /** Whose key it is. */
  readonly scope: string;
  /** The key, without quotes. */
  readonly key: string;
  readonly fingerprint: string;
  /** Ends a wait for another request's answer, since nobody waits for this one's any more. */
  readonly signal?: AbortSignal | undefined;
}

/** What a keyed request may do. */
export type ClaimOutcome =
  /** Run, and settle the claim. */
  | { readonly action: "run"; readonly claim: Claim }
  /** Give the first request's answer. */
  | { readonly action: "replay"; readonly answer: StoredResponse & { readonly body: Uint8Array } }
  /** Be answered with this error. */
  | { readonly action: "refuse"; readonly error: ClaimError };

/** The pauses between two looks at a key that is in flight, in ms: the first, and the longest. */
const firstPauseMs = 25;
const longestPauseMs = 500;

/**
 * Tells for a keyed request whether it runs, is answered with what the first one was, or is refused.
 *
 * Never fails, and runs nothing unprotected: a store that fails, or is slow, is a refusal.
 */
export function beginClaim(request: KeyedRequest, settings: ClaimConfig): Awaitable<ClaimOutcome> {
  const { clock, waitMs } = settings;
  const id = recordId(request.scope, request.key);
  const waitUntilMs = clock.now() + waitMs;
  return claim(id, request.fingerprint, settings, () => wait(id, request, waitUntilMs, settings));
}

/** Waits for another request's answer, for as long as anybody waits for this one's. */
async function wait(
  id: string,
  request: KeyedRequest,
  untilMs: number,
  settings: ClaimConfig,
): Promise<ClaimOutcome> {
  const { clock } = settings;
  let pauseMs = firstPauseMs;
  for (;;) {
    const leftMs = untilMs - clock.now();
    // The signal is asked for last, since it is made then.
    if (leftMs <= 0 || request.signal?.aborted) return inFlight(id, settings);
    await pause(Math.min(pauseMs, leftMs), request.signal, settings);
    if (request.signal?.aborted) return inFlight(id, settings);
    pauseMs = Math.min(2 * pauseMs, longestPauseMs);
    const beginning = await claim(id, request.fingerprint, settings, () => null);
    if (beginning !== null) return beginning;
  }
}

/**
 * One look at the store.
 *
 * @param onInFlight - Says what is to be done where the key is in flight.
 */
function claim<Else>(
  id: string,
  fingerprint: string,
  settings: ClaimConfig,
  onInFlight: () => Awaitable<Else>,
): Awaitable<ClaimOutcome | Else> {
  const { leaseMs, retentionMs, guarantee, retryAfterSeconds } = settings;
  const takeOver = guarantee === "at-least-once";
  // Drawn anew each time: what comes late of a call that was given up must not pass for this one.
  const request = { id, owner: newOwner(), fingerprint, leaseMs, retentionMs, takeOver };
  return attempt<Said, ClaimOutcome | Else>(
    () => callClaim(request, settings),
    (said) => outcome(parseClaimResult(said), request, settings) ?? onInFlight(),
    (error) => {
      publish({ id }, "store-failed", { operation: "claim", error });
      withdraw(request, settings, error);
      return { action: "refuse", error: storeUnavailableError(error, retryAfterSeconds) };
    },
  );
}

function callClaim(request: ClaimRequest, settings: ClaimConfig): Awaitable<Said> {
  const { store, clock, storeTimeoutMs } = settings;
  return storeCall<Said>(
    () => store.claim(request),
    { clock, timeoutMs: storeTimeoutMs },
    {
      onValue: (said) => {
        if (!isRefusal(said)) withdraw(request, settings);
      },
      onError: (error) => withdraw(request, settings, error),
    },
  );
}

/**
 * Releases in the background what a claim may have come to whose request has been answered 503: the store may have made
 * it although its reply was lost, and nothing of the request runs. By its owner, who was drawn for this claim alone, so
 * that nobody else's is released.
 *
 * @param error - What the claim failed with.
 */
function withdraw(
  { id, owner }: ClaimRequest,
  { store, retries }: ClaimConfig,
  error?: unknown,
): void {
  if (isFull(error)) return;
  retries.start({ id, operation: "release", call: () => store.release({ id, owner }) });
}

const refusals: readonly unknown[] = [
  "in-flight",
  "mismatch",
  "lapsed",
  "completed",
] satisfies ClaimResult["state"][];

/** Whether the store has said that the claim came to nothing. */
function isRefusal(said: Said): boolean {
  return refusals.includes(said?.state);
}

/** A store of somebody else's may give what its type rules out. */
type Said = ClaimResult | null | undefined;

/** What nobody understands protects nothing. */
function parseClaimResult(said: Said): ClaimResult {
  if (said != null && (said.state === "claimed" || isRefusal(said))) return said;
  throw new StoreUnavailableError("did not say what a claim came to");
}

function outcome(
  result: ClaimResult,
  { id, owner }: ClaimRequest,
  settings: ClaimConfig,
): ClaimOutcome | null {
  switch (result.state) {
    case "claimed": {
      const held = new Claim({ id, owner, fence: result.fence }, settings);
      publish(held, held.fence === 1 ? "claimed" : "taken-over");
      return { action: "run", claim: held };
    }
    case "in-flight":
      return null;
    case "mismatch":
      publish({ id }, "mismatch");
      return { action: "refuse", error: keyMismatchError() };
    case "lapsed":
      return outcomeUnknown(id);
    case "completed": {
      const answer = decodeResponse(result.answer);
      const { body, status } = answer;
      if (body === null && status >= 500) return outcomeUnknown(id);
      publish({ id }, body === null ? "answer-not-kept" : "replayed");
      if (body === null) return { action: "refuse", error: responseNotStoredError(status) };
      return { action: "replay", answer: { ...answer, body } };
    }
  }
}

function outcomeUnknown(id: string): ClaimOutcome {
  publish({ id }, "outcome-unknown");
  return { action: "refuse", error: keyOutcomeUnknownError() };
}

function inFlight(id: string, { retryAfterSeconds }: ClaimConfig): ClaimOutcome {
  publish({ id }, "in-flight");
  return { action: "refuse", error: keyInFlightError(retryAfterSeconds) };
}

/** Waits, unless nobody does any more. */
function pause(ms: number, signal: AbortSignal | undefined, { clock }: ClaimConfig): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clock.clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = clock.setTimeout(end, ms);
    signal?.addEventListener("abort", end);
  });
}
