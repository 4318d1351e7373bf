import type { IncomingMessage, ServerResponse } from "node:http";

import {
  OutboundSteps,
  parseIdempotencyKey,
  type Claim,
  type GatewayError,
  type OutboundContext,
} from "@reissue/core";
import { isRetrySafe, keyMalformedError, keyMissingError } from "@reissue/core/internal";

import { isClientDetached } from "../capture/detached-socket.ts";
import { disconnectSignal } from "./disconnect-signal.ts";
import type { GateConfig } from "../config/gate-config.ts";
import type { Bindable } from "../outbound/bindable.ts";
import { timeoutError } from "../errors/translate-error.ts";
import { originalUrl } from "./original-url.ts";
import { RequestTimeout } from "./request-timeout.ts";
import type { RouteConfig } from "../config/route-config.ts";
import { scopeOf } from "../config/scope.ts";

/** One request to the service, with what its gate and its route say of it. */
export class RequestContext {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The client of the last gate that it came through. */
  client: (() => Bindable<unknown>) | null = null;
  /** Whether an error has escaped from its handler, whatever status it was given. */
  hasFailed = false;
  /** What the gate is given whose settings for keys hold. */
  carrier: unknown;
  #gate: GateConfig;
  #route: RouteConfig;
  #key: string | null = null;
  /** The key's field as it was sent. */
  #keyField: string | undefined;
  #signal: AbortSignal | null = null;
  #claim: Claim | null = null;
  #isClaiming = false;
  #steps: OutboundSteps | null = null;
  #bound: unknown = null;
  /** When it came; null where no route had a time then, and until one asks. */
  #startedAtMs: number | null;
  /** Null where no route that it came to has one. */
  #time: RequestTimeout | null = null;

  /**
   * @param carrier - What the framework gives its middleware: the request itself, or what stands for it.
   * @param route - What a route said that the request came to before the gate.
   * @param startedAtMs - When the request came, in ms of the gate's clock; null while no route has a timeout.
   */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    gate: GateConfig,
    carrier: unknown,
    route: Partial<RouteConfig> | undefined,
    startedAtMs: number | null,
  ) {
    this.request = request;
    this.carrier = carrier;
    this.response = response;
    this.#gate = gate;
    this.#route = route === undefined ? gate.route : { ...gate.route, ...route };
    this.#startedAtMs = startedAtMs;
  }

  /**
   * Sets the gate that the request came through last: the client of its calls is that gate's.
   *
   * @param client - Opens the gate's client when a handler first asks for it.
   */
  enter(client: () => Bindable<unknown>): void {
    // What was bound before is another gate's.
    if (this.client !== client) this.#bound = null;
    this.client = client;
  }

  /** Adds what its route says to what its gate says. */
  applyRoute(route: Partial<RouteConfig>): void {
    this.#route = { ...this.#route, ...route };
    // A client that was bound before knew nothing of it.
    this.#bound = null;
  }

  /** Adds what a later gate with a store says of keys, where the gates before keep no responses. */
  mergeGate(gate: GateConfig, carrier: unknown): void {
    if (this.#gate === gate) return;
    const { idempotency } = gate;
    const hasStore = this.#gate.idempotency.deduplication !== null;
    if (hasStore || idempotency.deduplication === null) return;
    this.#gate = { ...this.#gate, idempotency };
    this.carrier = carrier;
    // A client that was bound before knew of no scope.
    this.#bound = null;
  }

  /** What holds for it. */
  get gate(): GateConfig {
    return this.#gate;
  }

  /** Whether a second run does no harm, because its method or its route's owner says so. */
  get retrySafe(): boolean {
    // A key alone promises nothing: it counts where a store deduplicates it, be it that it is not claimed yet. Where it
    // has run and may run once only, nothing comes of another try.
    const keyed = this.#isClaiming && this.#claim?.guarantee !== "at-most-once";
    const optedIn = this.#route.retryOn.length > 0;
    return isRetrySafe({ method: this.request.method ?? "", keyed, optedIn });
  }

  /** Whether its client has gone before it had its whole response. */
  get clientDisconnected(): boolean {
    const { request, response } = this;
    if (request.socket?.destroyed) return true;
    return response.destroyed && !response.writableFinished;
  }

  /** Whether nobody is to be answered any more: its client has left, and no retry is to be given the answer. */
  get hasNoReader(): boolean {
    return this.clientDisconnected && !isClientDetached(this.response);
  }

  /** Whether its handler has ended the response, and the end waits for the answer to be kept. */
  get isEndDelayed(): boolean {
    return this.response.writableEnded && !this.response.finished;
  }

  /** Whether it has been answered because its time was over. */
  get timedOut(): boolean {
    return this.#time?.isOver === true;
  }

  /** Its idempotency key, without quotes; null where it has none, or its route ignores it. */
  get key(): string | null {
    return this.#key;
  }

  /** Aborts when its client leaves before it has been given its whole response. */
  get signal(): AbortSignal {
    return (this.#signal ??= disconnectSignal(this.response));
  }

  /** Aborts when nobody waits for its answer any more: its client has left, or its time is over. */
  get abandonedSignal(): AbortSignal {
    return this.#time?.signal ?? this.signal;
  }

  /** The path as the client sent it, with its query. */
  get path(): string {
    return originalUrl(this.request, this.carrier);
  }

  /** Its right to run under its key; null where it has no key, or keys are not deduplicated. */
  get claim(): Claim | null {
    return this.#claim;
  }

  /** Whose its key is. @throws {@link OptionError} where nobody is named. */
  get scope(): string | null {
    const { scope } = this.gate.idempotency;
    return scope === null ? null : scopeOf(this.carrier, scope);
  }

  /** Whether it has a key that is to be claimed, which is so once, and for some methods only. */
  startsClaim(): boolean {
    const { deduplication } = this.gate.idempotency;
    if (this.#key === null || this.#isClaiming || deduplication === null) return false;
    this.#isClaiming = deduplication.claimsMethod(this.request.method ?? "");
    return this.#isClaiming;
  }

  /** Told that it may run under its key. */
  claimed(claim: Claim): void {
    this.#claim = claim;
  }

  /** Takes note that its handler has ended, which counts where the response was sent without it. */
  handlerEnded(): void {
    if (this.timedOut) this.#claim?.abandon();
  }

  /** Reads the key as the route says; the error that a missing or a malformed one is answered with, or null. */
  refusal(): GatewayError | null {
    const rule = this.#route.idempotencyKey;
    if (rule === "ignored" || this.#key !== null) return null;
    const value = this.request.headers?.["idempotency-key"];
    if (value === undefined) return rule === "required" ? keyMissingError() : null;
    // Node joins repeated lines of this name with commas, which no key may have; a list is for hand-made requests.
    const text = Array.isArray(value) ? value.join(", ") : value;
    const parsed = parseIdempotencyKey(text, { syntax: this.gate.idempotency.syntax });
    if (!parsed.ok) return keyMalformedError(parsed);
    this.#key = parsed.key;
    this.#keyField = text;
    return null;
  }

  /** Whether the route has a timeout. */
  get hasTimeout(): boolean {
    return this.#route.timeoutMs !== Infinity;
  }

  /**
   * Starts the route's timeout, again where it had been started.
   *
   * @param onExpire - Called with the error to respond with, unless the response has begun by then.
   */
  startTimeout(onExpire: (error: GatewayError) => void): void {
    this.#timeout().start({ onExpire, timeoutMs: this.#route.timeoutMs });
  }

  /** Ends the route's timeout, since the response or the failure is on its way. */
  stopTimeout(): void {
    this.#time?.stop();
  }

  /** Runs a handler under the route's timeout: settles as the handler does, or rejects once the timeout has expired. */
  runWithTimeout<Result>(run: () => Promise<Result>): Promise<Result> {
    return this.#timeout().within(run, this.#route.timeoutMs);
  }

  /** The outbound client for calls made on its behalf; bound when it is first asked for. */
  bind<Bound>(upstream: Bindable<Bound>): Bound {
    this.#bound ??= upstream.bind(this.#outbound());
    return this.#bound as Bound;
  }

  #timeout(): RequestTimeout {
    return (this.#time ??= new RequestTimeout(this, () => timeoutError(this), this.#startedAt()));
  }

  #startedAt(): number {
    return (this.#startedAtMs ??= this.gate.clock.now());
  }

  #outbound(): OutboundContext {
    const { retryOn, timeoutMs } = this.#route;
    const key = this.#key;
    const scope = key === null ? null : this.scope;
    const owner = key === null || scope === null ? null : { scope, key };
    this.#steps ??= new OutboundSteps();
    if (owner !== null) this.#steps.ownedBy(owner);
    return {
      signal: this.signal,
      deadlineMs: timeoutMs === Infinity ? Infinity : this.#startedAt() + timeoutMs,
      retryOn,
      inboundKey: this.#keyField,
      steps: this.#steps,
    };
  }
}
