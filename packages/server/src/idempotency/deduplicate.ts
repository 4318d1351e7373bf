import { beginClaim, fingerprint, isPromise, type KeyedRequest } from "@reissue/core/internal";

import type { RequestContext } from "../request/request-context.ts";
import { recordResponse } from "../capture/response-recorder.ts";
import { inviteBody } from "./invite-body.ts";
import { ownFingerprint } from "./own-fingerprint.ts";
import { allowRead, isBodyLost, readBody } from "./read-body.ts";
import { replay } from "./replay.ts";
import { ClaimSettler } from "./settle-claim.ts";

/**
 * Claims the key of a request. The first request with a key is to run; a later one gets the stored response.
 *
 * @param beforeReplay - Called before the stored response is written.
 * @returns whether the handler is to run; rejects with the error to respond with where the request is refused.
 */
export async function deduplicate(
  context: RequestContext,
  beforeReplay: () => void,
): Promise<boolean> {
  const { request, response, key, scope } = context;
  const { deduplication } = context.gate.idempotency;
  if (deduplication === null || key === null || scope === null) return true;
  // A response that was made by hand may not name its request.
  if (response.req === undefined) Object.assign(response, { req: request });
  const wasEnded = response.writableEnded;
  // Responded to while the key is claimed, by the route's timeout or by one of the application's own: a handler that ran
  // now could not settle the claim any more. One that the application has run after its response runs here too.
  const hasResponse = (): boolean => context.timedOut || (response.writableEnded && !wasEnded);
  // Then Node has parsed what came with the head.
  await Promise.resolve();
  let body: Uint8Array;
  try {
    const reading = readBody(request, {
      maxBytes: deduplication.maxBodyBytes,
      clock: context.gate.clock,
      onWait: () => inviteBody(request, response),
    });
    body = isPromise(reading) ? await reading : reading;
  } catch (error) {
    if (hasResponse()) return false;
    if (isBodyLost(request)) context.gate.parsedBodies?.report();
    // The rest of the body stays unread, and an error handler of the application's may leave out the error's headers.
    if (!request.complete) response.shouldKeepAlive = false;
    throw error;
  }
  if (hasResponse()) return false;
  const parts = {
    method: request.method ?? "",
    path: context.path,
    contentType: request.headers["content-type"] ?? "",
    body,
  };
  const own = deduplication.fingerprint;
  const hash =
    own === null ? fingerprint(parts) : await ownFingerprint(own, context.frameworkContext, body);
  if (hasResponse()) return false;
  const beginning = beginClaim(new Keyed(scope, key, hash, context), deduplication.claims);
  const outcome = isPromise(beginning) ? await beginning : beginning;
  const isAbandoned = context.clientDisconnected || hasResponse();
  if (outcome.action === "refuse") {
    if (hasResponse()) return false;
    throw outcome.error;
  }
  if (outcome.action === "replay") {
    if (isAbandoned) return false;
    beforeReplay();
    replay(response, outcome.response);
    return false;
  }
  if (isAbandoned) {
    await outcome.claim.release();
    return false;
  }
  context.setClaim(outcome.claim);
  allowRead(request);
  try {
    recordResponse(response, new ClaimSettler(context, outcome.claim, deduplication));
  } catch (error) {
    // Nothing has run, and nothing would settle the claim.
    await outcome.claim.release();
    throw error;
  }
  return true;
}

/** A request as the claim engine needs it. */
// perf: a class, docs/performance.md#keyed-requests
class Keyed implements KeyedRequest {
  readonly scope: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly #context: RequestContext;

  constructor(scope: string, key: string, hash: string, context: RequestContext) {
    this.scope = scope;
    this.key = key;
    this.fingerprint = hash;
    this.#context = context;
  }

  /** Created only if the claim has to wait: an AbortSignal costs more than the claim. */
  get signal(): AbortSignal {
    return this.#context.abandonedSignal;
  }
}
