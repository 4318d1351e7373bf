import type { Awaitable, Claim, StoredResponse } from "@reissue/core";
import { isPromise, isStorableStatus, type ClaimConfig } from "@reissue/core/internal";

import type { Deduplication } from "../config/idempotency-config.ts";
import type { RequestContext } from "../request/request-context.ts";
import type { RecordedResponse, RecorderListener } from "../capture/response-recorder.ts";
import type { ResponseHead, HeaderFilter } from "../capture/response-head.ts";
import { isKept, type Keep } from "./keep.ts";
import { isStoredTrailer } from "../config/stored-headers.ts";
import { watchLateResponse } from "./late-response.ts";

/** Settles the claim of a request with its response. */
export class ClaimSettler implements RecorderListener {
  readonly maxBytes: number;
  readonly isStoredHeader: HeaderFilter;
  readonly #context: RequestContext;
  readonly #claim: Claim;
  readonly #claims: ClaimConfig;
  readonly #keep: Keep | null;

  constructor(context: RequestContext, claim: Claim, deduplication: Deduplication) {
    this.maxBytes = deduplication.maxAnswerBytes;
    this.isStoredHeader = deduplication.isStoredHeader;
    this.#context = context;
    this.#claim = claim;
    this.#claims = deduplication.claims;
    this.#keep = deduplication.keep;
  }

  onComplete({ head, trailers, body }: RecordedResponse): Awaitable<unknown> {
    const claim = this.#claim;
    const { timedOut, request, hasFailed } = this.#context;
    if (timedOut) return this.#outlive();
    // The framework's response to a thrown value that it takes for no error, or an error handler's that sets no status.
    const isFalseSuccess = hasFailed && head.status < 300;
    if (head.status >= 500 || isFalseSuccess) return claim.fail(head.status);
    if (isStorableStatus(head.status)) {
      const stored = storedResponse({ head, trailers, body }, request.method);
      const keep = this.#keep;
      if (keep === null || body === null) return claim.complete(stored);
      const settle = (shouldStore: boolean): Awaitable<unknown> =>
        shouldStore ? claim.complete(stored) : claim.fail(head.status);
      const kept = isKept(keep, { head, body }, this.#claims);
      return isPromise(kept) ? kept.then(settle) : settle(kept);
    }
    // A handler may stop halfway once its claim is lost.
    return claim.lost ? claim.fail(500) : claim.release();
  }

  onCut(head: ResponseHead | null): void {
    if (this.#context.timedOut) this.#outlive();
    else if (head === null) void this.#claim.fail(500);
    // A part has been sent, so the work was done: it must not run again, although the response cannot be replayed.
    else void this.onComplete({ head, trailers: [], body: null });
  }

  onDisconnect(): void {
    const { response } = this.#context;
    const { clock, maxRunMs, leaseMs } = this.#claims;
    // Another request may have taken over by then, and a response that has not ended might never end.
    const end = (): void => {
      if (!response.headersSent) this.#claim.abandon();
      response.destroy();
    };
    const timer = clock.setTimeout(end, maxRunMs + leaseMs, { background: true });
    response.once("close", () => clock.clearTimeout(timer));
  }

  /** Holds the claim until the handler has ended: the response was sent by its timeout. */
  #outlive(): void {
    this.#claim.outlive();
    watchLateResponse(this.#context.response, () => this.#context.handlerEnded());
  }
}

/** The part of a response that is stored. */
function storedResponse(
  { head, trailers, body }: RecordedResponse,
  method: string | undefined,
): StoredResponse {
  const { status, fields, length } = head;
  // Without its body, retries only learn the status.
  if (body === null) return { status, headers: [], trailers: [], body };
  // A length that does not follow from the body.
  const withLength = length !== null && (method === "HEAD" || status === 304);
  return {
    status,
    headers: withLength ? [...fields, ["Content-Length", length]] : fields,
    trailers: trailers.filter(([name]) => isStoredTrailer(name.toLowerCase())),
    body,
  };
}
