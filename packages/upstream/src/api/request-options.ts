import type { CallRetryOptions, OutboundContext } from "@reissue/core";

import type { Dispatcher } from "undici";

import type { RandomKeys } from "../call/random-keys.ts";
import { copiedRecord, snapshot } from "../headers/request-headers.ts";
import type { RequestTarget } from "./request-target.ts";
import type { UpstreamRequestOptions } from "./call-types.ts";

/**
 * Options of one call, with every field that is read later, whether it was given or not.
 *
 * All instances have one hidden class. perf: docs/performance.md#request-options
 */
export class RequestOptions {
  readonly origin: string;
  readonly path: string;
  readonly method: unknown;
  headers: unknown;
  body: unknown;
  readonly query: unknown;
  readonly signal: unknown;
  readonly retry: CallRetryOptions | undefined;
  readonly bodyTimeoutMs: number | undefined;
  readonly step: string | undefined;
  readonly inbound: OutboundContext | undefined;
  readonly redirected: boolean | undefined;
  readonly keys: RandomKeys | undefined;
  readonly opaque: unknown;
  readonly onInfo: unknown;
  readonly responseHeaders: unknown;
  readonly highWaterMark: unknown;
  readonly idempotent: unknown;
  readonly blocking: unknown;
  readonly upgrade: unknown;
  readonly headersTimeout: unknown;
  readonly bodyTimeout: unknown;
  readonly reset: unknown;
  readonly expectContinue: unknown;
  readonly servername: unknown;
  readonly throwOnError: unknown;
  readonly maxRedirections: unknown;
  readonly typeOfService: unknown;

  constructor(
    given: UpstreamRequestOptions,
    target: RequestTarget,
    body: unknown,
    inbound: OutboundContext | undefined,
    method: unknown,
  ) {
    const options: Record<string, unknown> & UpstreamRequestOptions = given as never;
    this.origin = target.origin;
    this.path = target.path;
    this.method = method;
    this.headers = snapshot(options.headers);
    this.body = body;
    this.inbound = inbound;
    this.retry = options.retry;
    this.bodyTimeoutMs = options.bodyTimeoutMs;
    this.step = options.step;
    this.query = copiedRecord(options["query"]);
    this.signal = options["signal"];
    this.redirected = options["redirected"] as boolean | undefined;
    this.keys = options["keys"] as RandomKeys | undefined;
    this.opaque = options["opaque"];
    this.onInfo = options["onInfo"];
    this.responseHeaders = options["responseHeaders"];
    this.highWaterMark = options["highWaterMark"];
    this.idempotent = options["idempotent"];
    this.blocking = options["blocking"];
    this.upgrade = options["upgrade"];
    this.headersTimeout = options["headersTimeout"];
    this.bodyTimeout = options["bodyTimeout"];
    this.reset = options["reset"];
    this.expectContinue = options["expectContinue"];
    this.servername = options["servername"];
    this.throwOnError = options["throwOnError"];
    this.maxRedirections = options["maxRedirections"];
    this.typeOfService = options["typeOfService"];
  }

  /** Sets the headers and the body of one attempt; the same object, which nothing else reads. */
  forAttempt(
    headers: Dispatcher.DispatchOptions["headers"],
    body: unknown,
  ): Dispatcher.DispatchOptions {
    this.headers = headers;
    this.body = body;
    return this as object as Dispatcher.DispatchOptions;
  }

  /** Releases the body, when the call has ended. */
  dropBody(): void {
    this.body = null;
  }
}
