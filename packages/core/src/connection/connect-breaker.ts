/** An outage whose last failure is older than this many windows is forgotten: nobody has looked since. */
const forgottenAfterWindows = 5;

/**
 * Whether connecting to an origin has been failing, and for how long.
 *
 * Once it has failed for longer than the unsent window, one request at a time probes it and the rest wait for what it
 * finds, so that a dead upstream never piles up callers, and one that is back refuses none. The first connection that
 * stands ends the outage.
 */
export class ConnectBreaker {
  readonly #windowMs: number;
  #sinceMs: number | null = null;
  #lastMs = 0;
  #error: unknown = null;
  /** When the latest connection stood. */
  #stoodAtMs = -Infinity;
  /** Who is probing; only its own failure lets in the next one. */
  #prober: object | null = null;
  #probedSinceMs = 0;

  /** @param windowMs - The unsent window; 0 means that an outage never holds anybody back. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** When the first failed attempt of this outage began; null when there is none. */
  sinceMs(nowMs: number): number | null {
    if (this.#sinceMs === null) return null;
    if (nowMs - this.#lastMs > this.#windowMs * forgottenAfterWindows) this.#end();
    return this.#sinceMs;
  }

  /** What the last connect to fail met; null where there is no outage. */
  get error(): unknown {
    return this.#error;
  }

  /**
   * Whether a call may not connect just now, since another one probes.
   *
   * A probe that has been under way for a whole window holds nobody back any longer: it may have begun before the
   * upstream came back, and wait for its lost packets to be repeated.
   */
  holdsBack(who: object, nowMs: number): boolean {
    if (this.#prober === null || this.#prober === who) return false;
    return this.#isLong(nowMs) && nowMs - this.#probedSinceMs < this.#windowMs;
  }

  /** Whether it has lasted longer than the window, and nobody is about to find out whether it is over. */
  isUnprobed(nowMs: number): boolean {
    return this.#prober === null && this.#isLong(nowMs);
  }

  /** Takes note that somebody connects, who is the one to probe if the outage is long. */
  begin(who: object, nowMs: number): void {
    if (!this.#isLong(nowMs)) return;
    this.#prober = who;
    this.#probedSinceMs = nowMs;
  }

  /** Takes note of a connect that failed; `startedAtMs` is when it began. */
  onFailed(who: object, error: unknown, startedAtMs: number, nowMs: number): void {
    // Another connect has succeeded since this one began: what it met is over, and must not be taken for a new outage.
    if (startedAtMs < this.#stoodAtMs) return this.cancelProbe(who);
    this.#sinceMs = this.sinceMs(nowMs) ?? startedAtMs;
    this.#lastMs = nowMs;
    this.#error = error;
    this.cancelProbe(who);
  }

  /** Takes note that somebody gave up connecting without a verdict, so that the next request may probe. */
  cancelProbe(who: object): void {
    if (this.#prober === who) this.#prober = null;
  }

  /** Takes note of a connection that stands, and ends the outage. */
  onConnected(nowMs: number): void {
    this.#stoodAtMs = nowMs;
    this.#end();
  }

  #end(): void {
    this.#sinceMs = null;
    this.#error = null;
    this.#prober = null;
  }

  #isLong(nowMs: number): boolean {
    const since = this.sinceMs(nowMs);
    return since !== null && this.#windowMs > 0 && nowMs - since >= this.#windowMs;
  }
}
