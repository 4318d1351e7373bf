import type { Awaitable, Claim, StoredResponse } from "@reissue/core";
import { isPromise, isStorableStatus, type ClaimConfig } from "@reissue/core/internal";

import type { Deduplication } from "../config/idempotency-config.ts";
import type { RequestContext } from "../request/request-context.ts";
import type { RecordedResponse, RecorderListener } from "../capture/response-recorder.ts";
import type { ResponseHead, HeaderFilter } from "../capture/response-head.ts";
import { isKept, type Keep } from "./keep.ts";
import { isStoredTrailer } from "../config/stored-headers.ts";
import { watchLateResponse } from "../capture/late-response.ts";

/** Settles a claim with what its request is answered with. */
export class ClaimSettler implements RecorderListener {
  readonly maxBytes: number;
  readonly keeps: HeaderFilter;
  readonly #inbound: RequestContext;
  readonly #claim: Claim;
  readonly #claims: ClaimConfig;
  readonly #keep: Keep | null;

  constructor(inbound: RequestContext, claim: Claim, deduplication: Deduplication) {
    this.maxBytes = deduplication.maxAnswerBytes;
    this.keeps = deduplication.keeps;
    this.#inbound = inbound;
    this.#claim = claim;
    this.#claims = deduplication.claims;
    this.#keep = deduplication.keep;
  }

  onWhole({ head, trailers, body }: RecordedResponse): Awaitable<unknown> {
    const claim = this.#claim;
    const { timedOut, request, hasFailed } = this.#inbound;
    if (timedOut) return this.#outlive();
    // The framework's own response to what was thrown and is no error to it, or an error handler's that sets no status.
    const isFalse = hasFailed && head.status < 300;
    if (head.status >= 500 || isFalse) return claim.fail(head.status);
    if (isStorableStatus(head.status)) {
      const answer = kept({ head, trailers, body }, request.method);
      const keep = this.#keep;
      if (keep === null || body === null) return claim.complete(answer);
      const settle = (isWorthIt: boolean): Awaitable<unknown> =>
        isWorthIt ? claim.complete(answer) : claim.fail(head.status);
      const said = isKept(keep, { head, body }, this.#claims);
      return isPromise(said) ? said.then(settle) : settle(said);
    }
    // It may have stopped its work halfway, as it was told to.
    return claim.lost ? claim.fail(500) : claim.release();
  }

  onCut(head: ResponseHead | null): void {
    if (this.#inbound.timedOut) this.#outlive();
    else if (head === null) void this.#claim.fail(500);
    // A part of it has gone out, so the work was done: it is not done again, though nobody can replay the answer.
    else void this.onWhole({ head, trailers: [], body: null });
  }

  onLeft(): void {
    const { response } = this.#inbound;
    const { clock, maxRunMs, leaseMs } = this.#claims;
    // Another may have taken over by then, and what has not ended might never end.
    const end = (): void => {
      if (!response.headersSent) this.#claim.abandon();
      response.destroy();
    };
    const timer = clock.setTimeout(end, maxRunMs + leaseMs, { background: true });
    response.once("close", () => clock.clearTimeout(timer));
  }

  /** It was us who answered, and the handler goes on. */
  #outlive(): void {
    this.#claim.outlive();
    watchLateResponse(this.#inbound.response, () => this.#inbound.handlerEnded());
  }
}

/** What is kept of a response. */
function kept(
  { head, trailers, body }: RecordedResponse,
  method: string | undefined,
): StoredResponse {
  const { status, fields, length } = head;
  // Nobody is ever given more of it than its status.
  if (body === null) return { status, headers: [], trailers: [], body };
  // A length that no body tells.
  const withLength = length !== null && (method === "HEAD" || status === 304);
  return {
    status,
    headers: withLength ? [...fields, ["Content-Length", length]] : fields,
    trailers: trailers.filter(([name]) => isStoredTrailer(name.toLowerCase())),
    body,
  };
}
