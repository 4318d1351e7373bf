/** How long it takes for a peak to count half, in ms: a process that gets no time is slow for seconds, not for minutes. */
const halfLifeMs = 10_000;

/** The highest of the values seen lately; an older one counts less, and is gone after a minute. */
export class RecentPeak {
  #peak = 0;
  #atMs = 0;

  add(value: number, nowMs: number): void {
    if (value < this.value(nowMs)) return;
    this.#peak = value;
    this.#atMs = nowMs;
  }

  value(nowMs: number): number {
    return this.#peak === 0 ? 0 : this.#peak * 2 ** ((this.#atMs - nowMs) / halfLifeMs);
  }
}
