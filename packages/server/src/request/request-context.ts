import type { IncomingMessage, ServerResponse } from "node:http";

import {
  OutboundSteps,
  parseIdempotencyKey,
  type Claim,
  type GatewayError,
  type OutboundContext,
} from "@reissue/core";
import {
  isOptIn,
  isRetrySafe,
  keyMalformedError,
  keyMissingError,
  publishIdempotency,
} from "@reissue/core/internal";

import { isClientDetached } from "../capture/detached-socket.ts";
import { disconnectSignal } from "./disconnect-signal.ts";
import type { GateConfig } from "../config/gate-config.ts";
import type { Bindable } from "../outbound/bindable.ts";
import { timeoutError } from "../errors/translate-error.ts";
import { originalUrl } from "./original-url.ts";
import { RequestTimeout } from "./request-timeout.ts";
import type { RouteConfig } from "../config/route-config.ts";
import { scopeOf } from "../config/scope.ts";

/** One request to the service, with the options of its gate and its route. */
export class RequestContext {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Opens the client of the last gate that the request came through. */
  client: (() => Bindable<unknown>) | null = null;
  /** Whether an error has escaped from the handler, whatever its status. */
  hasFailed = false;
  /**
   * The argument of the framework's middleware (Express and node:http: the request; Koa: ctx; Fastify: its request), of
   * the gate whose idempotency options apply.
   */
  frameworkContext: unknown;
  #gate: GateConfig;
  #route: RouteConfig;
  #key: string | null = null;
  /** The Idempotency-Key field as it was sent. */
  #keyField: string | undefined;
  #signal: AbortSignal | null = null;
  #claim: Claim | null = null;
  #isClaiming = false;
  #steps: OutboundSteps | null = null;
  #bound: unknown = null;
  /** When the request came, in ms; null until it is needed, where no route had a timeout then. */
  #startedAtMs: number | null;
  /** Null while no route of the request has a timeout. */
  #timeout: RequestTimeout | null = null;
  #isTimedOut = false;

  /**
   * @param frameworkContext - The argument of the framework's middleware.
   * @param route - Options of a route that came before the gate.
   * @param startedAtMs - When the request came, in ms of the gate's clock; null while no route has a timeout.
   */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    gate: GateConfig,
    frameworkContext: unknown,
    route: Partial<RouteConfig> | undefined,
    startedAtMs: number | null,
  ) {
    this.request = request;
    this.frameworkContext = frameworkContext;
    this.response = response;
    this.#gate = gate;
    this.#route = route === undefined ? gate.route : { ...gate.route, ...route };
    this.#startedAtMs = startedAtMs;
  }

  /**
   * Sets the client of the gate that the request has come through last.
   *
   * @param client - Opens the client when a handler first uses it.
   */
  useClient(client: () => Bindable<unknown>): void {
    // The bound client is another gate's.
    if (this.client !== client) this.#bound = null;
    this.client = client;
  }

  /** Applies a route's options over those that hold so far. */
  applyRoute(route: Partial<RouteConfig>): void {
    this.#route = { ...this.#route, ...route };
    // The bound client does not know them.
    this.#bound = null;
  }

  /** Applies the idempotency options of a later gate with a store, where the gates before have none. */
  mergeGate(gate: GateConfig, frameworkContext: unknown): void {
    if (this.#gate === gate) return;
    const { idempotency } = gate;
    const hasStore = this.#gate.idempotency.deduplication !== null;
    if (hasStore || idempotency.deduplication === null) return;
    this.#gate = { ...this.#gate, idempotency };
    this.frameworkContext = frameworkContext;
    // The bound client does not know the scope.
    this.#bound = null;
  }

  /** The options that apply to the request. */
  get gate(): GateConfig {
    return this.#gate;
  }

  /** Whether a second run does no harm: by the method, by a key that is deduplicated, or because the route opts in. */
  get retrySafe(): boolean {
    // A key counts only where a store deduplicates it, claimed already or not; not where it may run once at most and has.
    const keyed = this.#isClaiming && this.#claim?.guarantee !== "at-most-once";
    const optedIn = isOptIn(this.#route.retryOn);
    return isRetrySafe({ method: this.request.method ?? "", keyed, optedIn });
  }

  /** Whether the client has disconnected before the whole response was sent. */
  get clientDisconnected(): boolean {
    const { request, response } = this;
    if (request.socket?.destroyed) return true;
    return response.destroyed && !response.writableFinished;
  }

  /** Whether the client has disconnected, and the response is not being recorded for a retry. */
  get hasNoReader(): boolean {
    return this.clientDisconnected && !isClientDetached(this.response);
  }

  /** Whether the handler has ended the response, and the end waits for the response to be stored. */
  get isEndDelayed(): boolean {
    return this.response.writableEnded && !this.response.finished;
  }

  /** Whether the response was sent because the timeout expired, that of the route or the framework's own. */
  get timedOut(): boolean {
    return this.#isTimedOut || this.#timeout?.hasExpired === true;
  }

  /** Notes that the framework responds in the place of a handler that takes too long, and goes on. */
  setTimedOut(): void {
    this.#isTimedOut = true;
  }

  /** The idempotency key, without quotes; null where there is none, or the route ignores it. */
  get key(): string | null {
    return this.#key;
  }

  /** Aborts when the client disconnects before the whole response was sent. */
  get signal(): AbortSignal {
    return (this.#signal ??= disconnectSignal(this.response));
  }

  /** Aborts when nothing waits for the response any more: the client has disconnected, or the timeout has expired. */
  get abandonedSignal(): AbortSignal {
    return this.#timeout?.signal ?? this.signal;
  }

  /** The path as the client sent it, with its query. */
  get path(): string {
    return originalUrl(this.request, this.frameworkContext);
  }

  /** The claim of the idempotency key; null where there is no key, or keys are not deduplicated. */
  get claim(): Claim | null {
    return this.#claim;
  }

  /**
   * The scope of the idempotency key: the caller that it belongs to; null where the gate has none.
   *
   * @throws {@link OptionError} where the gate's `scope` function returns no name.
   */
  get scope(): string | null {
    const { scope } = this.gate.idempotency;
    return scope === null ? null : scopeOf(this.frameworkContext, scope);
  }

  /** Whether the key is to be claimed now: true once for a request, and for some methods only. */
  startsClaim(): boolean {
    const { deduplication } = this.gate.idempotency;
    if (this.#key === null || this.#isClaiming || deduplication === null) return false;
    this.#isClaiming = deduplication.claimsMethod(this.request.method ?? "");
    return this.#isClaiming;
  }

  setClaim(claim: Claim): void {
    this.#claim = claim;
  }

  /** Marks the handler as ended, which settles a claim whose response was sent by the timeout. */
  handlerEnded(): void {
    if (this.timedOut) this.#claim?.abandon();
  }

  /** Reads the key as the route's `idempotencyKey` says. @returns the error for a missing or malformed key, or null. */
  readKey(): GatewayError | null {
    const rule = this.#route.idempotencyKey;
    if (rule === "ignored" || this.#key !== null) return null;
    const value = this.request.headers?.["idempotency-key"];
    const { idempotency, counts } = this.gate;
    if (value === undefined) {
      if (rule !== "required") return null;
      publishIdempotency(null, "missing", counts.claims);
      return keyMissingError();
    }
    // Node joins repeated fields with commas, which are not allowed in keys; only hand-made requests have a list.
    const text = Array.isArray(value) ? value.join(", ") : value;
    const parsed = parseIdempotencyKey(text, { syntax: idempotency.syntax });
    if (!parsed.ok) {
      publishIdempotency(null, "malformed", counts.claims);
      return keyMalformedError(parsed);
    }
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
    this.#routeTimeout().start({ onExpire, timeoutMs: this.#route.timeoutMs });
  }

  /** Ends the route's timeout, since the response or the failure is on its way. */
  stopTimeout(): void {
    this.#timeout?.stop();
  }

  /** Runs a handler under the route's timeout: settles as the handler does, or rejects once the timeout has expired. */
  runWithTimeout<Result>(run: () => Promise<Result>): Promise<Result> {
    return this.#routeTimeout().run(run, this.#route.timeoutMs);
  }

  /** The outbound client for calls on behalf of this request; bound at its first use. */
  bind<Bound>(upstream: Bindable<Bound>): Bound {
    this.#bound ??= upstream.bind(this.#outbound());
    return this.#bound as Bound;
  }

  #routeTimeout(): RequestTimeout {
    const error = (): GatewayError => {
      this.gate.counts.onTimeout();
      return timeoutError(this);
    };
    return (this.#timeout ??= new RequestTimeout(this, error, this.#startedAt()));
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
