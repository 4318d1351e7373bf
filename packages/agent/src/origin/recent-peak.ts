/** How long a peak is remembered at least, in ms: a process that gets no time is slow for seconds, not for minutes. */
const periodMs = 10_000;

/** The highest of the values seen in this period and the one before. */
export class RecentPeak {
  #current = 0;
  #previous = 0;
  #sinceMs = -Infinity;

  add(value: number, nowMs: number): void {
    if (nowMs - this.#sinceMs >= periodMs) this.#turn(nowMs);
    if (value > this.#current) this.#current = value;
  }

  value(nowMs: number): number {
    if (nowMs - this.#sinceMs >= periodMs) this.#turn(nowMs);
    return Math.max(this.#current, this.#previous);
  }

  #turn(nowMs: number): void {
    this.#previous = nowMs - this.#sinceMs < 2 * periodMs ? this.#current : 0;
    this.#current = 0;
    this.#sinceMs = nowMs;
  }
}
