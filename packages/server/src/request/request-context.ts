import type { IncomingMessage, ServerResponse } from "node:http";

import { OutboundSteps, parseIdempotencyKey, type Claim, type GatewayError } from "@reissue/core";
import { isRetrySafe, keyMalformedError, keyMissingError } from "@reissue/core/internal";

import { slotHolder } from "./request-slot.ts";
import { isClientDetached } from "../capture/detached-socket.ts";
import { disconnectSignal } from "./disconnect-signal.ts";
import type { GateConfig } from "../config/gate-config.ts";
import type { OutboundContext } from "@reissue/core";
import type { Bindable } from "../outbound/bindable.ts";
import {
  contextSlot,
  routeSlot,
  startOf,
  type GateBinding,
  type RequestSlots,
} from "./deferred-context.ts";
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

  private constructor(
    request: IncomingMessage,
    response: ServerResponse,
    gate: GateConfig,
    carrier: unknown,
    startedAtMs: number | null,
  ) {
    this.request = request;
    this.carrier = carrier;
    this.response = response;
    this.#gate = gate;
    const own = (slotHolder(request) as RequestSlots)[routeSlot];
    this.#route = own === undefined ? gate.route : { ...gate.route, ...own };
    this.#startedAtMs = startedAtMs;
  }

  /** The one of a request that comes through a gate. Whoever calls from here on calls with that gate's client. */
  static open(
    request: IncomingMessage,
    response: ServerResponse,
    { settings, client }: GateBinding,
    carrier: unknown = request,
  ): RequestContext {
    const inbound = RequestContext.getOrCreate(request, response, settings, carrier);
    // What was bound before is another gate's.
    if (inbound.client !== client) inbound.#bound = null;
    inbound.client = client;
    return inbound;
  }

  /**
   * The one of a request of node:http; made by the first gate that it comes through, and under what that gate says. A
   * later one with a store adds what it says of keys, where the first one keeps no answers.
   *
   * @param carrier - What the framework gives its middleware: the request itself, or what stands for it.
   */
  static getOrCreate(
    request: IncomingMessage,
    response: ServerResponse,
    gate: GateConfig,
    carrier: unknown = request,
  ): RequestContext {
    let inbound = RequestContext.get(request);
    if (inbound === null) {
      inbound = new RequestContext(request, response, gate, carrier, startOf(gate));
      (slotHolder(request) as RequestSlots)[contextSlot] = inbound;
    }
    if (inbound.#gate !== gate) inbound.#mergeGate(gate, carrier);
    return inbound;
  }

  /** The one of a request that has come through a gate, made now if its gate has only noted it; null for any other. */
  static get(request: IncomingMessage): RequestContext | null {
    const seen = slotHolder(request) as RequestSlots;
    const noted = seen[contextSlot];
    if (noted === undefined || noted instanceof RequestContext) return noted ?? null;
    const { gate, response, carrier, startedAtMs } = noted;
    const { settings, client } = gate;
    // Of the request that was noted: the one at hand may be made of it.
    const inbound = new RequestContext(noted.request, response, settings, carrier, startedAtMs);
    inbound.client = client;
    return (seen[contextSlot] = inbound);
  }

  /**
   * Puts a request under what its route says, now or once it comes to a gate.
   *
   * @returns the request; null where no gate has seen it yet.
   */
  static applyRoute(request: IncomingMessage, route: Partial<RouteConfig>): RequestContext | null {
    const inbound = RequestContext.get(request);
    if (inbound === null) {
      const seen = slotHolder(request) as RequestSlots;
      seen[routeSlot] = { ...seen[routeSlot], ...route };
      return null;
    }
    inbound.#route = { ...inbound.#route, ...route };
    // A client that was bound before knew nothing of it.
    inbound.#bound = null;
    return inbound;
  }

  /** Told that the handler of a request is done; counts where the request was answered without it. */
  static handled(request: IncomingMessage): void {
    const inbound = (slotHolder(request) as RequestSlots)[contextSlot];
    // One that was only noted has no time that could be over.
    if (inbound instanceof RequestContext) inbound.handled();
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

  /** Told that its handler is done; counts where it was answered without it. */
  handled(): void {
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

  /**
   * Starts the route's time, if it has one, anew where it had been started.
   *
   * @param onExpire - Called with what is to be answered, unless the response has begun by then.
   * @returns whether it has one.
   */
  startTimeout(onExpire: (error: GatewayError) => void): boolean {
    const { timeoutMs } = this.#route;
    if (timeoutMs === Infinity) return false;
    this.#timeout().start({ onExpire, timeoutMs });
    return true;
  }

  /** Ends the route's time, since its answer or its failure is on its way. */
  stopTimeout(): void {
    this.#time?.stop();
  }

  /** Runs a handler under the route's time: settles as it does, or rejects once the time is over. */
  runWithTimeout<Result>(run: () => Promise<Result>): Promise<Result> {
    const { timeoutMs } = this.#route;
    return timeoutMs === Infinity ? run() : this.#timeout().within(run, timeoutMs);
  }

  /** The outbound client for calls made on its behalf; bound when it is first asked for. */
  bind<Bound>(upstream: Bindable<Bound>): Bound {
    this.#bound ??= upstream.bind(this.#outbound());
    return this.#bound as Bound;
  }

  /** Comes to another gate. */
  #mergeGate({ idempotency }: GateConfig, carrier: unknown): void {
    const hasStore = this.#gate.idempotency.deduplication !== null;
    if (hasStore || idempotency.deduplication === null) return;
    this.#gate = { ...this.#gate, idempotency };
    this.carrier = carrier;
    // A client that was bound before knew of no scope.
    this.#bound = null;
  }

  #timeout(): RequestTimeout {
    return (this.#time ??= new RequestTimeout(this, this.#startedAt()));
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
