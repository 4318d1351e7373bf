import { beginClaim, fingerprint, isPromise, type KeyedRequest } from "@reissue/core/internal";

import type { RequestContext } from "../request/request-context.ts";
import { recordResponse } from "../capture/response-recorder.ts";
import { ownFingerprint } from "./own-fingerprint.ts";
import { letRead, readBody } from "./read-body.ts";
import { replay } from "./replay.ts";
import { ClaimSettler } from "./settle-claim.ts";

/**
 * Lets a keyed request run if it is the first with its key, and answers it if it is not.
 *
 * @param beforeReplay - Called before a replay is written on the response.
 * @returns whether its handler is to run; rejects with what it is to be answered with where it was refused.
 */
export async function deduplicate(
  inbound: RequestContext,
  beforeReplay: () => void = () => {},
): Promise<boolean> {
  const { request, response, key, scope } = inbound;
  const { deduplication } = inbound.gate.idempotency;
  if (deduplication === null || key === null || scope === null) return true;
  // One that was made by hand may not know what it responds to.
  if (response.req === undefined) Object.assign(response, { req: request });
  // What came with the head is parsed by then.
  await Promise.resolve();
  let body: Uint8Array;
  try {
    const reading = readBody(request, {
      maxBytes: deduplication.maxBodyBytes,
      clock: inbound.gate.clock,
    });
    body = isPromise(reading) ? await reading : reading;
  } catch (error) {
    if (inbound.timedOut) return false;
    // Nobody reads the rest, and an error handler of the application's may leave out the error's own headers.
    if (!request.complete) response.shouldKeepAlive = false;
    throw error;
  }
  if (inbound.timedOut) return false;
  const parts = {
    method: request.method ?? "",
    path: inbound.path,
    contentType: request.headers["content-type"] ?? "",
    body,
  };
  const own = deduplication.fingerprint;
  const mark = own === null ? fingerprint(parts) : await ownFingerprint(own, inbound.carrier, body);
  if (inbound.timedOut) return false;
  const keyed = new Keyed(scope, key, mark, inbound);
  const said = beginClaim(keyed, deduplication.claims);
  const beginning = isPromise(said) ? await said : said;
  // Nobody waits for it any more, or it was answered meanwhile.
  const isOver = inbound.clientDisconnected || inbound.timedOut;
  if (beginning.action === "refuse") {
    if (inbound.timedOut) return false;
    throw beginning.error;
  }
  if (beginning.action === "replay") {
    if (isOver) return false;
    beforeReplay();
    replay(response, beginning.answer);
    return false;
  }
  if (isOver) {
    await beginning.claim.release();
    return false;
  }
  inbound.claimed(beginning.claim);
  letRead(request);
  const settlement = new ClaimSettler(inbound, beginning.claim, deduplication);
  try {
    recordResponse(response, settlement);
  } catch (error) {
    // Nothing has run, and nobody would settle it.
    await beginning.claim.release();
    throw error;
  }
  return true;
}

/** A class, since a literal with a getter takes half a microsecond to make (Node 20.20, measured alone). */
class Keyed implements KeyedRequest {
  readonly scope: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly #inbound: RequestContext;

  constructor(scope: string, key: string, hash: string, inbound: RequestContext) {
    this.scope = scope;
    this.key = key;
    this.fingerprint = hash;
    this.#inbound = inbound;
  }

  /** Made only if it has to wait: an AbortSignal costs more than the claim. */
  get signal(): AbortSignal {
    return this.#inbound.abandonedSignal;
  }
}
