/** An outage whose last failure is older than this many windows is forgotten: nobody has looked since. */
const forgottenAfterWindows = 5;

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
  #probing = false;

  /** @param windowMs - The unsent window; 0 means that an outage never holds anybody back. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** When the first failed attempt of this outage began; null when there is none. */
  sinceMs(nowMs: number): number | null {
    if (this.#sinceMs === null) return null;
    if (nowMs - this.#lastMs > this.#windowMs * forgottenAfterWindows) this.end();
    return this.#sinceMs;
  }

  /**
   * Asks for leave to open a connection.
   *
   * @returns null when it may be opened, else the error that the last one to try met.
   */
  admit(nowMs: number): { readonly error: unknown } | null {
    const since = this.sinceMs(nowMs);
    if (since === null || this.#windowMs === 0 || nowMs - since < this.#windowMs) return null;
    if (this.#probing) return { error: this.#error };
    this.#probing = true;
    return null;
  }

  /** Takes note of a connect that failed; `startedAtMs` is when it began. */
  fail(error: unknown, startedAtMs: number, nowMs: number): void {
    this.#sinceMs = this.sinceMs(nowMs) ?? startedAtMs;
    this.#lastMs = nowMs;
    this.#error = error;
    this.#probing = false;
  }

  /** Takes note that a connect was given up without a verdict, so that the next request may probe. */
  abandonProbe(): void {
    this.#probing = false;
  }

  /** Takes note of a connection that stands. */
  end(): void {
    this.#sinceMs = null;
    this.#error = null;
    this.#probing = false;
  }
}
