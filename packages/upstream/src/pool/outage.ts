/** An outage whose last failure is older than this many windows is forgotten: nobody has looked since. */
const forgottenAfterWindows = 5;

/** Why nobody may connect just now: what the last one to try met. */
export interface Refusal {
  readonly error: unknown;
}

/**
 * Whether connecting to an origin has been failing, and for how long.
 *
 * Once it has failed for longer than the unsent window, one request at a time probes it and the rest fail at once, so
 * that a dead upstream never piles up waiting callers. The first connection that stands ends the outage.
 */
export class Outage {
  readonly #windowMs: number;
  #sinceMs: number | null = null;
  #lastMs = 0;
  #error: unknown = null;
  /** When the latest connection stood. */
  #stoodAtMs = -Infinity;
  /** Who is probing; only its own failure lets in the next one. */
  #prober: object | null = null;

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

  /** Why somebody may neither connect nor wait for it just now; null where they may. */
  refusal(who: object, nowMs: number): Refusal | null {
    const other = this.#prober !== null && this.#prober !== who;
    return other && this.#isLong(nowMs) ? { error: this.#error } : null;
  }

  /** Takes note that somebody connects, who is the one to probe if the outage is long. */
  begin(who: object, nowMs: number): void {
    if (this.#isLong(nowMs)) this.#prober = who;
  }

  /** Takes note of a connect that failed; `startedAtMs` is when it began. */
  fail(who: object, error: unknown, startedAtMs: number, nowMs: number): void {
    // Another connect has succeeded since this one began: what it met is over, and must not be taken for a new outage.
    if (startedAtMs < this.#stoodAtMs) return this.abandonProbe(who);
    this.#sinceMs = this.sinceMs(nowMs) ?? startedAtMs;
    this.#lastMs = nowMs;
    this.#error = error;
    this.abandonProbe(who);
  }

  /** Takes note that somebody gave up connecting without a verdict, so that the next request may probe. */
  abandonProbe(who: object): void {
    if (this.#prober === who) this.#prober = null;
  }

  /** Takes note of a connection that stands, and ends the outage. */
  stand(nowMs: number): void {
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
