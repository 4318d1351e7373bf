/** Number of windows after which an outage without a new failure is forgotten. */
const forgottenAfterWindows = 5;

/**
 * State of a {@link ConnectBreaker}.
 *
 * - `closed`: connecting works, or has failed for less than the unsent window.
 * - `open`: the upstream is down, and the next call probes it.
 * - `half-open`: the upstream is down, and a call is probing it.
 */
export type BreakerState = "closed" | "open" | "half-open";

/**
 * Circuit breaker for connecting to one origin.
 *
 * Once connecting has failed for longer than the unsent window, one request at a time probes the origin and the others
 * wait for the outcome. So a dead upstream never piles up callers, and one that recovers refuses none. The first
 * established connection ends the outage.
 */
export class ConnectBreaker {
  readonly #windowMs: number;
  #sinceMs: number | null = null;
  #lastMs = 0;
  #error: unknown = null;
  /** Instant at which the latest connection was established, in ms of the clock. */
  #establishedAtMs = -Infinity;
  /** Call that probes; only its own failure admits the next probe. */
  #prober: object | null = null;
  #probedSinceMs = 0;

  /** @param windowMs - Unsent window; 0: an outage never holds a call back. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Start of the first failed attempt of the present outage, in ms of the clock; null without an outage. */
  sinceMs(nowMs: number): number | null {
    if (this.#sinceMs === null) return null;
    if (nowMs - this.#lastMs > this.#windowMs * forgottenAfterWindows) this.#end();
    return this.#sinceMs;
  }

  /** Present state. */
  state(nowMs: number): BreakerState {
    if (!this.#isLong(nowMs)) return "closed";
    return this.#prober === null ? "open" : "half-open";
  }

  /** Error of the latest failed connect; null without an outage. */
  get error(): unknown {
    return this.#error;
  }

  /**
   * Whether a call must not connect now, because another one probes.
   *
   * A probe that has been under way for a whole window holds no call back: it may have begun before the upstream
   * recovered, and wait for lost packets to be repeated.
   */
  holdsBack(call: object, nowMs: number): boolean {
    if (this.#prober === null || this.#prober === call) return false;
    return this.#isLong(nowMs) && nowMs - this.#probedSinceMs < this.#windowMs;
  }

  /** Whether the outage has lasted longer than the window, and no call is probing. */
  isUnprobed(nowMs: number): boolean {
    return this.#prober === null && this.#isLong(nowMs);
  }

  /** Notes that a call connects; in a long outage it is the probe. */
  begin(call: object, nowMs: number): void {
    if (!this.#isLong(nowMs)) return;
    this.#prober = call;
    this.#probedSinceMs = nowMs;
  }

  /** Notes a failed connect; `startedAtMs` is its start. */
  onFailed(call: object, error: unknown, startedAtMs: number, nowMs: number): void {
    // Another connect has succeeded since: this failure is outdated, and not the start of a new outage.
    if (startedAtMs < this.#establishedAtMs) return this.cancelProbe(call);
    this.#sinceMs = this.sinceMs(nowMs) ?? startedAtMs;
    this.#lastMs = nowMs;
    this.#error = error;
    this.cancelProbe(call);
  }

  /** Notes that a call gave up connecting without a result, so that the next request may probe. */
  cancelProbe(call: object): void {
    if (this.#prober === call) this.#prober = null;
  }

  /** Notes an established connection, and ends the outage. */
  onConnected(nowMs: number): void {
    this.#establishedAtMs = nowMs;
    this.#end();
  }

  #end(): void {
    this.#sinceMs = null;
    this.#error = null;
    this.#prober = null;
  }

  #isLong(nowMs: number): boolean {
    const sinceMs = this.sinceMs(nowMs);
    return sinceMs !== null && this.#windowMs > 0 && nowMs - sinceMs >= this.#windowMs;
  }
}
