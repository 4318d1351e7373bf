import { stringify } from "node:querystring";

import {
  isIdempotentMethod,
  isSafeMethod,
  type CallRetryOptions,
  type Condition,
  type OutboundStep,
  type RequestFacts,
  type RetryPolicy,
} from "@reissue/core";
import { checkStep, stepMissingError } from "@reissue/core/internal";
import type { Dispatcher } from "undici";

import { bodyFingerprint } from "../body/body-fingerprint.ts";
import { bodyTimeout } from "../config/body-timeout.ts";
import type { Body, SentUnder } from "../body/body.ts";
import { requestBody, type BodyLimits } from "../body/request-body.ts";
import { inSlices } from "../body/slices.ts";
import { unchanging } from "../body/unchanging.ts";
import { http2Headers } from "../headers/http2-headers.ts";
import { stepsOf } from "../api/inbound-steps.ts";
import type { OutboundContext } from "@reissue/core";
import { RequestOptions } from "../api/request-options.ts";
import type { UpstreamRequestOptions } from "../api/call-types.ts";
import type { Origin } from "../origin/origin.ts";
import type { RandomKeys } from "./random-keys.ts";
import { headerValue, withHeader } from "../headers/request-headers.ts";
import { overlay } from "../config/route-table.ts";

/** Undici's dispatch options, and what Reissue takes beside them. */
export interface ReissueDispatchOptions extends Omit<Dispatcher.DispatchOptions, "body"> {
  /** Any body undici takes, and a factory that is asked for one before each attempt. */
  readonly body?: unknown;
  /** What this call says about being resent; naming conditions opts it in. */
  readonly retry?: CallRetryOptions | undefined;
  /** Which of the inbound request's calls this is, for origins that derive keys. */
  readonly step?: string | undefined;
  /** How long the response may be silent between two chunks of its body, in ms; 0 or Infinity for ever. */
  readonly bodyTimeoutMs?: number | undefined;
  /** Whether an earlier request of the same call has been answered, with a redirect or a 421. */
  readonly redirected?: boolean | undefined;
  /** The random keys of the call that this request belongs to; one without them is a call of its own. */
  readonly keys?: RandomKeys | undefined;
  /** The inbound request that this call is made for. */
  readonly inbound?: OutboundContext | undefined;
}

const none: readonly Condition[] = [];

/** One request to an upstream, with everything that decides how it may be sent. */
export class CallRequest implements SentUnder {
  readonly origin: Origin;
  readonly options: ReissueDispatchOptions;
  readonly policy: RetryPolicy;
  readonly retrySafe: boolean;
  readonly body: Body;
  /** The instant after which nothing is sent, in ms of the clock. */
  readonly deadlineMs: number;
  /** The longest silence in the middle of the response, in ms; Infinity for any. */
  readonly bodyTimeoutMs: number;
  /** Ends the call when the inbound client has left; undefined for unsafe calls, which run to their end. */
  readonly signal: AbortSignal | undefined;
  /** The step that it has begun; null for calls without a derived key. */
  readonly step: OutboundStep | null = null;
  readonly #headers: ReissueDispatchOptions["headers"];
  /** The same as `options`: read by nobody else, so that it can say what each attempt needs. */
  readonly #carrier: RequestOptions;
  readonly #keyed: boolean;
  readonly #optedIn: boolean;

  /**
   * @throws OptionError when `options.retry`, `options.step` or `options.bodyTimeoutMs` is wrong.
   * @throws StepError when it has to name its step and does not, or the step is taken.
   */
  constructor(origin: Origin, given: ReissueDispatchOptions, bodies: BodyLimits, nowMs: number) {
    this.#carrier = given instanceof RequestOptions ? given : asGiven(given);
    const options = this.#carrier as object as ReissueDispatchOptions;
    const { method, path, inbound } = options;
    this.origin = origin;
    this.options = options;
    this.#headers = options.headers;
    if (origin.settings.client.allowH2 === true) this.#headers = http2Headers(this.#headers);
    const route = origin.settings.routes.find(method, path);
    const { policy, optedIn } =
      options.retry === undefined ? route : overlay(options.retry, route, "retry");
    // A caller that says it in undici's own words gets undici's own timer.
    const silenceMs = options.bodyTimeout == null ? route.bodyTimeoutMs : Infinity;
    this.bodyTimeoutMs = bodyTimeout(options.bodyTimeoutMs, "bodyTimeoutMs", silenceMs);
    const idempotent = isIdempotentMethod(method);
    const step = checkStep(options.step, "step") ?? route.step;
    const sentKey = !idempotent && isKeyed(this.#headers);
    const needsKey = !idempotent && !sentKey && origin.settings.idempotencyKey !== undefined;
    const keyed = sentKey || needsKey;
    const inboundOptIn =
      !idempotent && !keyed && !optedIn && options.retry?.retryOn === undefined
        ? (inbound?.retryOn ?? none)
        : none;
    this.#keyed = keyed;
    this.#optedIn = optedIn || inboundOptIn.length > 0;
    this.policy = inboundOptIn.length > 0 ? { ...policy, retryOn: inboundOptIn } : policy;
    this.retrySafe = idempotent || keyed || this.#optedIn;
    const content = unchanging(options.body);
    this.body = requestBody(content, this.retrySafe, bodies);
    const latestMs = nowMs + this.policy.totalTimeoutMs;
    this.deadlineMs = Math.min(latestMs, inbound?.deadlineMs ?? Infinity);
    this.signal =
      inbound?.signal !== undefined && isSafeMethod(method) ? inbound.signal : undefined;
    // Last, so that a request which is refused has begun no step.
    if (needsKey) {
      this.step = stepOf(step, origin, options, content);
      const key = this.step === null ? keyOf(origin, options) : `"${this.step.key}"`;
      this.#headers = withHeader(this.#headers, "idempotency-key", key);
    }
  }

  /** What about it decides whether it may be sent again, as things stand. */
  get facts(): RequestFacts {
    return {
      method: this.options.method,
      keyed: this.#keyed,
      optedIn: this.#optedIn,
      replayable: this.body.replayable,
    };
  }

  get idempotencyKey(): string | null {
    return isKeyed(this.#headers) ? String(headerValue(this.#headers, "idempotency-key")) : null;
  }

  /** What undici is given for the next attempt. */
  open(): Dispatcher.DispatchOptions {
    let body = this.body.send(this);
    let headers = described(this.#headers, this.body.contentType, this.body.contentLength);
    const sliced = inSlices(body);
    if (sliced !== null && isRightLength(headers, sliced.length)) {
      body = sliced.content;
      headers = described(headers, sliced.type, sliced.length);
    }
    return this.#carrier.carrying(headers, body);
  }

  /** Lets go of the body, when the call has ended. */
  release(): void {
    this.body.release();
    this.#carrier.dropBody();
  }
}

/**
 * A copy of what `dispatch` was given: its caller may change that as soon as `dispatch` returns, as undici has read all
 * of it by then, and a call that waits or is sent again has not.
 */
function asGiven(options: ReissueDispatchOptions): RequestOptions {
  const { origin, path, body, inbound, method } = options;
  const target = { origin: origin as string, path };
  return new RequestOptions(options as UpstreamRequestOptions, target, body, inbound, method);
}

/** The headers with what is known of the body; a type that the caller gave stays. */
function described(
  given: ReissueDispatchOptions["headers"],
  type: string | null,
  length: number | null,
): ReissueDispatchOptions["headers"] {
  let headers = given;
  if (type !== null && headerValue(headers, "content-type") === undefined) {
    headers = withHeader(headers, "content-type", type);
  }
  return length === null ? headers : withHeader(headers, "content-length", String(length));
}

/** Whether a length that the caller declares is that of the body; undici refuses a wrong one. */
function isRightLength(headers: ReissueDispatchOptions["headers"], length: number): boolean {
  const declared = headerValue(headers, "content-length");
  return declared === undefined || Number(declared) === length;
}

/** Begins the step of a call that is to have a derived key; null for any other. */
function stepOf(
  step: string | undefined,
  { name: origin, settings }: Origin,
  { inbound, method, path, query, redirected = false }: ReissueDispatchOptions,
  body: unknown,
): OutboundStep | null {
  if (settings.idempotencyKey !== "derive" || inbound === undefined) return null;
  if (step === undefined) throw stepMissingError();
  const content = bodyFingerprint(body);
  const fingerprint = content === null ? null : `${path} ${stringify(query)} ${content}`;
  return stepsOf(inbound).begin({ step, origin, method, fingerprint, redirected });
}

/** The key of a call that has none and derives none, as a field value. */
function keyOf({ name, settings }: Origin, { inbound, keys }: ReissueDispatchOptions): string {
  const forwarded = settings.idempotencyKey === "forward" ? inbound?.inboundKey : undefined;
  return forwarded ?? `"${keys?.for(name) ?? crypto.randomUUID()}"`;
}

function isKeyed(headers: ReissueDispatchOptions["headers"]): boolean {
  const value = headerValue(headers, "idempotency-key");
  // Undici also takes numbers, whatever its types say.
  return value !== undefined && value !== null && String(value) !== "";
}
