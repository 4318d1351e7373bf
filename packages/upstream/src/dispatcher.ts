import { ClosedError, type Clock } from "@reissue/core";
import {
  addOriginSource,
  Bag,
  checkKeys,
  MisuseWarnings,
  optionDefaults,
  optionNames,
  readOptions,
  retryPaths,
  type OriginSource,
} from "@reissue/core/internal";
import { EventEmitter } from "node:events";
import type { Dispatcher } from "undici";

import { CallOptions } from "./api/call-options.ts";
import { UpstreamEvents } from "./diagnostics/upstream-events.ts";
import type { UpstreamStats } from "./diagnostics/upstream-stats.ts";
import { BodyMemory } from "./body/body-memory.ts";
import type { BodyLimits } from "./body/request-body.ts";
import type { CallHost, PendingCall } from "./call/call-host.ts";
import { Call } from "./call/call.ts";
import type { UpstreamOptions } from "./config/options.ts";
import { clientTable, type NamedOrigin } from "./config/client-config.ts";
import { connectionTable, originConfig, type OriginConfig } from "./config/origin-config.ts";
import { Origin } from "./origin/origin.ts";
import { CallRequest, type ReissueDispatchOptions } from "./call/call-request.ts";
import { refuse, responseHandler } from "./response/response-handler.ts";
import { undici } from "./undici.ts";

/** Number of origins above which unused ones are removed, so that calls to arbitrary hosts cannot fill the memory. */
const maxOrigins = 512;

/** Undici's Dispatcher, whose place EventEmitter takes until the first instance is made: see {@link inherit}. */
const LazyDispatcher: typeof Dispatcher = EventEmitter as unknown as typeof Dispatcher;

/**
 * Undici Dispatcher that resends requests lost on a stale keep-alive connection, and nothing else.
 *
 * Works wherever undici takes a dispatcher: `fetch(url, { dispatcher })`, `setGlobalDispatcher`, interceptors.
 */
export class ReissueDispatcher extends LazyDispatcher implements CallHost {
  readonly #clock: Clock;
  readonly #bodies: BodyLimits;
  readonly #warnings: MisuseWarnings;
  readonly #common: OriginConfig;
  readonly #own: ReadonlyMap<string, OriginConfig>;
  readonly #origins = new Map<string, Origin>();
  /** Found by metrics for as long as the client is used. */
  readonly #source: OriginSource = { client: "upstream", stats: () => this.stats };
  /** @internal Listeners of the client. */
  readonly events: UpstreamEvents = new UpstreamEvents();
  #latest: Origin | null = null;
  /** Number of calls under way. perf: docs/performance.md#sets */
  #underWay = 0;
  /** Calls that wait for a back-off or a connection, and cannot be reached through their connection. */
  readonly #pending = new Bag<PendingCall>();
  #closed = false;
  #destroyedBy: Error | null = null;
  #drained: Promise<void> | null = null;
  #onDrained: (() => void) | null = null;

  /** @throws {@link OptionError} with the path of the first wrong option. */
  constructor(options: UpstreamOptions = {}) {
    inherit();
    super();
    // `compose()` returns a Proxy, which calls methods with itself as `this`; a Proxy has no private members.
    this.dispatch = this.dispatch.bind(this);
    this.close = this.close.bind(this);
    this.destroy = this.destroy.bind(this);
    const names = [...optionNames(connectionTable), ...optionNames(clientTable)];
    checkKeys(options, "options", names, retryPaths);
    const { clock, bodies, origins, validate } = readOptions(
      clientTable,
      options,
      optionDefaults(clientTable),
      "",
    );
    this.#clock = clock;
    this.#bodies = { maxBytes: bodies.maxBytes, memory: new BodyMemory(bodies.maxBytesTotal) };
    this.#warnings = new MisuseWarnings(validate);
    this.callOptions = new CallOptions(this.#warnings);
    this.#common = originConfig(options, options, "");
    this.#own = ownConfigs(options, origins);
    addOriginSource(this.#source);
  }

  /** @internal Check of the options of calls. */
  readonly callOptions: CallOptions;

  /** Whether `close` or `destroy` has been called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** @internal Error that calls under way fail with since `destroy`; null before. */
  get destroyedBy(): Error | null {
    return this.#destroyedBy;
  }

  /** Snapshot of every origin. */
  get stats(): UpstreamStats {
    const origins = [...this.#origins].map(([name, { stats }]) => [name, stats] as const);
    return { origins: Object.fromEntries(origins) };
  }

  /** @internal Origin at the start of a URL, if it has been called before; null for any other URL. */
  readonly knownOrigin: (url: string) => string | null = (url) => {
    const latest = this.#latest?.name;
    if (latest !== undefined && url.startsWith(latest) && url[latest.length] === "/") return latest;
    // At least one character follows "https://".
    const slash = url.indexOf("/", 9);
    return slash === -1 ? null : (this.#origins.get(url.slice(0, slash))?.name ?? null);
  };

  /** Dispatches a request, as undici's fetch, `request` and interceptors do. */
  override dispatch(
    options: ReissueDispatchOptions | Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    const nowMs = this.#clock.now();
    let call: Call;
    try {
      const response = responseHandler(handler, options);
      if (this.#closed) throw new ClosedError();
      const origin = this.#origin(options.origin);
      const request = new CallRequest(origin, options, this.#bodies, nowMs);
      call = new Call(this, request, response);
    } catch (error) {
      refuse(handler, error as Error);
      return true;
    }
    this.#underWay += 1;
    call.start(nowMs);
    return true;
  }

  /** @internal */
  onWaiting(call: PendingCall): void {
    this.#pending.add(call);
  }

  /** @internal */
  onResumed(call: PendingCall): void {
    this.#pending.delete(call);
  }

  /** @internal */
  onEnd(): void {
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#onDrained?.();
  }

  /** Refuses new requests, waits until those under way have ended, and closes every connection. */
  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    const closed = this.#close();
    if (callback === undefined) return closed;
    void closed.then(callback);
  }

  /** Ends everything immediately; requests under way fail with `error`. */
  override destroy(): Promise<void>;
  override destroy(error: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  override destroy(first?: Error | null | (() => void), second?: () => void): Promise<void> | void {
    const callback = typeof first === "function" ? first : second;
    const error = first instanceof Error ? first : new ClosedError();
    const destroyed = this.#destroy(error);
    if (callback === undefined) return destroyed;
    void destroyed.then(callback);
  }

  async #destroy(error: Error): Promise<void> {
    this.#closed = true;
    this.#destroyedBy = error;
    const origins = [...this.#origins.values()];
    this.#clear();
    for (const call of this.#pending.toArray()) call.abort(error);
    await Promise.all(origins.map(({ pool }) => pool.destroy(error)));
  }

  async #close(): Promise<void> {
    this.#closed = true;
    if (this.#underWay > 0) {
      this.#drained ??= new Promise((resolve) => {
        this.#onDrained = resolve;
      });
      await this.#drained;
    }
    for (const origin of this.#origins.values()) origin.pool.close();
    this.#clear();
  }

  #clear(): void {
    this.#origins.clear();
    this.#latest = null;
  }

  #origin(given: string | URL | undefined): Origin {
    const name = given instanceof URL ? given.origin : String(given);
    // Most services call one origin most of the time. perf: docs/performance.md#url
    if (this.#latest?.name === name) return this.#latest;
    this.#latest = this.#origins.get(name) ?? this.#open(name);
    return this.#latest;
  }

  #open(given: string): Origin {
    const { origin: name, protocol } = new URL(given);
    if (protocol !== "http:" && protocol !== "https:") {
      const { InvalidArgumentError } = undici().errors;
      throw new InvalidArgumentError("The URL's protocol must be http: or https:");
    }
    const open = this.#origins.get(name);
    if (open !== undefined) return open;
    if (this.#origins.size >= maxOrigins) this.#removeUnused();
    const origin = new Origin(
      name,
      this.#own.get(name) ?? this.#common,
      this.#clock,
      this.events,
      this.#warnings,
    );
    this.#origins.set(name, origin);
    return origin;
  }

  #removeUnused(): void {
    this.#latest = null;
    for (const [name, origin] of this.#origins) {
      if (origin.unused) this.#origins.delete(name);
    }
  }
}

/** Makes undici's Dispatcher the base class, so that `instanceof` and inherited methods are undici's own. */
function inherit(): void {
  const { Dispatcher } = undici();
  if (Object.getPrototypeOf(ReissueDispatcher) === Dispatcher) return;
  Object.setPrototypeOf(ReissueDispatcher, Dispatcher);
  Object.setPrototypeOf(ReissueDispatcher.prototype, Dispatcher.prototype);
}

function ownConfigs(
  options: UpstreamOptions,
  origins: ReadonlyMap<string, NamedOrigin>,
): ReadonlyMap<string, OriginConfig> {
  const configs = new Map<string, OriginConfig>();
  for (const [origin, { own, path }] of origins) {
    configs.set(origin, originConfig(options, own, path));
  }
  return configs;
}
