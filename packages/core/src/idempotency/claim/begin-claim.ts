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

/** Request with an idempotency key. */
export interface KeyedRequest {
  /** Scope of the key: the caller it belongs to. */
  readonly scope: string;
  /** Key, without quotes. */
  readonly key: string;
  readonly fingerprint: string;
  /** Ends the wait for another request's response, once the client has disconnected. */
  readonly signal?: AbortSignal | undefined;
}

/** What a keyed request may do. */
export type ClaimOutcome =
  /** Run, and settle the claim. */
  | { readonly action: "run"; readonly claim: Claim }
  /** Replay the response of the first request. */
  | { readonly action: "replay"; readonly response: StoredResponse & { readonly body: Uint8Array } }
  /** Respond with this error. */
  | { readonly action: "refuse"; readonly error: ClaimError };

/** Pauses between two claims of a key that is in flight, in ms: the first, and the longest. */
const firstPauseMs = 25;
const longestPauseMs = 500;

/**
 * Claims the key of a request: the request runs, gets the stored response, or is refused.
 *
 * Never fails, and never lets a request run unprotected: a store that fails, or is slow, leads to a refusal.
 */
export function beginClaim(request: KeyedRequest, settings: ClaimConfig): Awaitable<ClaimOutcome> {
  const { clock, waitMs } = settings;
  const id = recordId(request.scope, request.key);
  const waitUntilMs = clock.now() + waitMs;
  return claim(id, request.fingerprint, settings, () => wait(id, request, waitUntilMs, settings));
}

/** Waits for the response of another request, while the client is connected. */
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
    // Read last: the getter creates the AbortSignal.
    if (leftMs <= 0 || request.signal?.aborted) return inFlight(id, settings);
    await pause(Math.min(pauseMs, leftMs), request.signal, settings);
    if (request.signal?.aborted) return inFlight(id, settings);
    pauseMs = Math.min(2 * pauseMs, longestPauseMs);
    const outcome = await claim(id, request.fingerprint, settings, () => null);
    if (outcome !== null) return outcome;
  }
}

/**
 * Claims the key once.
 *
 * @param onInFlight - Called where the key is in flight.
 */
function claim<Else>(
  id: string,
  fingerprint: string,
  settings: ClaimConfig,
  onInFlight: () => Awaitable<Else>,
): Awaitable<ClaimOutcome | Else> {
  const { leaseMs, retentionMs, guarantee, retryAfterSeconds } = settings;
  const takeOver = guarantee === "at-least-once";
  // A new owner for each claim: a late result of a claim that was given up must not be taken for this one's.
  const request = { id, owner: newOwner(), fingerprint, leaseMs, retentionMs, takeOver };
  return attempt<GivenResult, ClaimOutcome | Else>(
    () => callClaim(request, settings),
    (result) => outcome(parseClaimResult(result), request, settings) ?? onInFlight(),
    (error) => {
      publish({ id }, "store-failed", settings.counts, { operation: "claim", error });
      withdraw(request, settings, error);
      return { action: "refuse", error: storeUnavailableError(error, retryAfterSeconds) };
    },
  );
}

function callClaim(request: ClaimRequest, settings: ClaimConfig): Awaitable<GivenResult> {
  const { store, clock, storeTimeoutMs } = settings;
  return storeCall<GivenResult>(
    () => store.claim(request),
    { clock, timeoutMs: storeTimeoutMs },
    {
      onValue: (result) => {
        if (!isRefusal(result)) withdraw(request, settings);
      },
      onError: (error) => withdraw(request, settings, error),
    },
  );
}

/**
 * Releases in the background a claim whose request got a 503: the store may have made it although its reply was lost,
 * and nothing of the request runs. The owner is unique to this claim, so no other claim is released.
 *
 * @param error - Error of the claim.
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

/** Whether the store reports that the claim was refused. */
function isRefusal(result: GivenResult): boolean {
  return refusals.includes(result?.state);
}

/** Result of a claim; other stores may return what the type rules out. */
type GivenResult = ClaimResult | null | undefined;

/** Validates the result of a claim: an unknown result protects nothing. */
function parseClaimResult(result: GivenResult): ClaimResult {
  if (result != null && (result.state === "claimed" || isRefusal(result))) return result;
  throw new StoreUnavailableError("did not say what a claim came to");
}

function outcome(
  result: ClaimResult,
  { id, owner }: ClaimRequest,
  settings: ClaimConfig,
): ClaimOutcome | null {
  switch (result.state) {
    case "claimed": {
      const claim = new Claim({ id, owner, fence: result.fence }, settings);
      publish(claim, claim.fence === 1 ? "claimed" : "taken-over", settings.counts);
      return { action: "run", claim };
    }
    case "in-flight":
      return null;
    case "mismatch":
      publish({ id }, "mismatch", settings.counts);
      return { action: "refuse", error: keyMismatchError() };
    case "lapsed":
      return outcomeUnknown(id, settings);
    case "completed": {
      const response = decodeResponse(result.answer);
      const { body, status } = response;
      if (body === null && status >= 500) return outcomeUnknown(id, settings);
      publish({ id }, body === null ? "answer-not-kept" : "replayed", settings.counts);
      if (body === null) return { action: "refuse", error: responseNotStoredError(status) };
      return { action: "replay", response: { ...response, body } };
    }
  }
}

function outcomeUnknown(id: string, { counts }: ClaimConfig): ClaimOutcome {
  publish({ id }, "outcome-unknown", counts);
  return { action: "refuse", error: keyOutcomeUnknownError() };
}

function inFlight(id: string, { retryAfterSeconds, counts }: ClaimConfig): ClaimOutcome {
  publish({ id }, "in-flight", counts);
  return { action: "refuse", error: keyInFlightError(retryAfterSeconds) };
}

/** Waits, until the client disconnects. */
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
