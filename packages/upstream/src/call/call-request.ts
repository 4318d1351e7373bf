import { stringify } from "node:querystring";

import {
  isIdempotentMethod,
  isSafeMethod,
  type CallRetryOptions,
  type OutboundContext,
  type OutboundStep,
  type RequestFacts,
  type RetryPolicy,
} from "@reissue/core";
import { checkStep, isOptIn, isRetrySafe, stepMissingError } from "@reissue/core/internal";
import type { Dispatcher } from "undici";

import { bodyFingerprint } from "../body/body-fingerprint.ts";
import { bodyTimeout } from "../config/body-timeout.ts";
import type { Body, SentUnder } from "../body/body.ts";
import { classifyBody, type BodyKind } from "../body/body-kind.ts";
import { requestBody, type BodyLimits } from "../body/request-body.ts";
import { inSlices } from "../body/slices.ts";
import { unchanging } from "../body/unchanging.ts";
import { isRightLength, withContentHeaders } from "../headers/content-headers.ts";
import { http2Headers } from "../headers/http2-headers.ts";
import { stepsOf } from "../api/inbound-steps.ts";
import { RequestOptions } from "../api/request-options.ts";
import type { UpstreamRequestOptions } from "../api/call-types.ts";
import type { Origin } from "../origin/origin.ts";
import type { RandomKeys } from "./random-keys.ts";
import { headerValue, withHeader } from "../headers/request-headers.ts";
import { withRetryOptions, type RequestPolicy, type RoutePolicy } from "../config/route-table.ts";

type Headers = Dispatcher.DispatchOptions["headers"];

/** Undici's dispatch options, and Reissue's own. */
export interface ReissueDispatchOptions extends Omit<Dispatcher.DispatchOptions, "body"> {
  /** Any body that undici takes, or a factory that makes one before each attempt. */
  readonly body?: unknown;
  /** When and how this call is resent; naming conditions opts it in. */
  readonly retry?: CallRetryOptions | undefined;
  /** Which of the inbound request's calls this is, for origins that derive keys. */
  readonly step?: string | undefined;
  /** Longest silence between two chunks of the response's body, in ms; 0 or Infinity for no limit. */
  readonly bodyTimeoutMs?: number | undefined;
  /** Whether an earlier request of the same call got a response: a redirect or a 421. */
  readonly redirected?: boolean | undefined;
  /** Random keys of the call that this request belongs to; without them, the request is a call of its own. */
  readonly keys?: RandomKeys | undefined;
  /** Context of the inbound request that this call is made for. */
  readonly inbound?: OutboundContext | undefined;
}

/** One request to an upstream, with everything that decides how it may be sent. */
export class CallRequest implements SentUnder {
  readonly origin: Origin;
  readonly options: ReissueDispatchOptions;
  readonly method: string;
  /** Whether the request has an Idempotency-Key, from its caller or from the origin's options. */
  readonly keyed: boolean;
  /** Whether the call, its route or the inbound route says that a second processing does no harm. */
  readonly optedIn: boolean;
  readonly policy: RetryPolicy;
  readonly retrySafe: boolean;
  readonly body: Body;
  /** Instant after which nothing is sent, in ms of the clock. */
  readonly deadlineMs: number;
  /** Longest silence in the middle of the response, in ms; Infinity for no limit. */
  readonly bodyTimeoutMs: number;
  /** Ends the call when the inbound client disconnects; undefined for unsafe calls, which run to their end. */
  readonly signal: AbortSignal | undefined;
  /** Step that the call has begun; null for calls without a derived key. */
  readonly step: OutboundStep | null = null;
  readonly #headers: Headers;
  /** The same object as `options`: read by nothing else, so it can take the headers and the body of each attempt. */
  readonly #attemptOptions: RequestOptions;

  /**
   * @throws OptionError when `options.retry`, `options.step` or `options.bodyTimeoutMs` is wrong.
   * @throws StepError when the call must name its step and does not, or the step is taken.
   */
  constructor(origin: Origin, given: ReissueDispatchOptions, bodies: BodyLimits, nowMs: number) {
    this.#attemptOptions = given instanceof RequestOptions ? given : copyOf(given);
    const options = this.#attemptOptions as object as ReissueDispatchOptions;
    const { method, inbound } = options;
    this.origin = origin;
    this.options = options;
    this.method = method;
    const headers = headersOf(options, origin);
    const idempotent = isIdempotentMethod(method);
    const isSent = !idempotent && isKeyed(headers);
    const needsKey = !idempotent && !isSent && origin.settings.idempotencyKey !== undefined;
    this.keyed = isSent || needsKey;
    const route = origin.settings.routes.find(method, options.path);
    const { policy, optedIn } = policyOf(options, route, !idempotent && !this.keyed);
    this.policy = policy;
    this.optedIn = optedIn;
    this.retrySafe = isRetrySafe(this);
    this.bodyTimeoutMs = bodyTimeoutOf(options, route);
    const step = checkStep(options.step, "step") ?? route.step;
    const kind = classifyBody(options.body);
    const content = unchanging(options.body, kind);
    this.body = requestBody(content, kind, this.retrySafe, bodies);
    this.deadlineMs = Math.min(nowMs + policy.totalTimeoutMs, inbound?.deadlineMs ?? Infinity);
    this.signal = isSafeMethod(method) ? inbound?.signal : undefined;
    // Last, so that a request which is refused has begun no step.
    if (needsKey) {
      this.step = stepOf(step, origin, options, content, kind);
      const key = this.step === null ? keyOf(options, origin) : `"${this.step.key}"`;
      this.#headers = withHeader(headers, "idempotency-key", key);
    } else {
      this.#headers = headers;
    }
  }

  /** Facts that decide whether the request may be resent, as of now. */
  get facts(): RequestFacts {
    const { method, keyed, optedIn } = this;
    return { method, keyed, optedIn, replayable: this.body.replayable };
  }

  get idempotencyKey(): string | null {
    return isKeyed(this.#headers) ? String(headerValue(this.#headers, "idempotency-key")) : null;
  }

  /** Makes the options of the next attempt, for undici. */
  open(): Dispatcher.DispatchOptions {
    let body = this.body.send(this);
    const { contentType, contentLength } = this.body;
    let headers = withContentHeaders(this.#headers, contentType, contentLength);
    const sliced = inSlices(body);
    if (sliced !== null && isRightLength(headers, sliced.length)) {
      body = sliced.content;
      headers = withContentHeaders(headers, sliced.type, sliced.length);
    }
    return this.#attemptOptions.forAttempt(headers, body);
  }

  /** Releases the body, when the call has ended. */
  release(): void {
    this.body.release();
    this.#attemptOptions.dropBody();
  }
}

/**
 * Copies the options of `dispatch`: its caller may change them as soon as `dispatch` returns. Undici has read them all by
 * then, but a call that waits or is resent has not.
 */
function copyOf(options: ReissueDispatchOptions): RequestOptions {
  const { origin, path, body, inbound, method } = options;
  const target = { origin: origin as string, path };
  return new RequestOptions(options as UpstreamRequestOptions, target, body, inbound, method);
}

function headersOf({ headers }: ReissueDispatchOptions, { settings }: Origin): Headers {
  return settings.client.allowH2 === true ? http2Headers(headers) : headers;
}

/**
 * Policy of a call: its own options over those of its route.
 *
 * @param isUnsafe - Whether neither method nor key makes it retry-safe. The inbound route then opts it in, unless the
 *   call or its own route names conditions.
 */
function policyOf(
  { retry, inbound }: ReissueDispatchOptions,
  route: RoutePolicy,
  isUnsafe: boolean,
): RequestPolicy {
  const own = retry === undefined ? route : withRetryOptions(retry, route, "retry");
  const retryOn = inbound?.retryOn;
  if (!isUnsafe || own.optedIn || retry?.retryOn !== undefined) return own;
  if (retryOn === undefined || !isOptIn(retryOn)) return own;
  return { policy: { ...own.policy, retryOn }, optedIn: true };
}

function bodyTimeoutOf(options: ReissueDispatchOptions, route: RoutePolicy): number {
  // A caller that sets undici's own option gets undici's own timer.
  const fallbackMs = options.bodyTimeout == null ? route.bodyTimeoutMs : Infinity;
  return bodyTimeout(options.bodyTimeoutMs, "bodyTimeoutMs", fallbackMs);
}

/** Begins the step of a call that is to have a derived key; null for any other call. */
function stepOf(
  step: string | undefined,
  { name: origin, settings }: Origin,
  { inbound, method, path, query, redirected = false }: ReissueDispatchOptions,
  body: unknown,
  kind: BodyKind,
): OutboundStep | null {
  if (settings.idempotencyKey !== "derive" || inbound === undefined) return null;
  if (step === undefined) throw stepMissingError();
  const content = bodyFingerprint(body, kind);
  const fingerprint = content === null ? null : `${path} ${stringify(query)} ${content}`;
  return stepsOf(inbound).begin({ step, origin, method, fingerprint, redirected });
}

/** Key of a call that has none of its own and derives none, as a field value. */
function keyOf({ inbound, keys }: ReissueDispatchOptions, { name, settings }: Origin): string {
  const forwarded = settings.idempotencyKey === "forward" ? inbound?.inboundKey : undefined;
  return forwarded ?? `"${keys?.for(name) ?? crypto.randomUUID()}"`;
}

function isKeyed(headers: Headers): boolean {
  const value = headerValue(headers, "idempotency-key");
  // Undici also takes numbers, whatever its types say.
  return value !== undefined && value !== null && String(value) !== "";
}
