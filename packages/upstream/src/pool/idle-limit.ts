/** Below this idle age a connection's death says nothing of an idle timeout: it was a crash or a restart. */
const floorMs = 20;

/** The share of the learned age that is kept as a buffer against latency and clock differences. */
const bufferShare = 0.2;

/** How long it takes a learned limit to double, in ms: slow enough to outlive a burst, fast enough to forgive a restart. */
const doublingMs = 60_000;

/** Deaths this close together, in ms, have one cause. */
const togetherMs = 50;

/** How much two idle ages may differ, as a share of the larger, and still be the same timer's. */
const sameAgeShare = 0.25;

/** A connection's death at the server's hands. */
interface Death {
  readonly idleMs: number;
  readonly atMs: number;
}

/**
 * How long a connection to one origin may have been idle and still be used.
 *
 * Starts at the configured limit. The idle age at which the server closes connections lowers it: a stale failure at
 * once, a close that was noticed in time when a second one at the same age confirms it. Time raises it again. Deaths at
 * one moment with different ages are a restart and teach nothing: after a deploy connections are kept as before.
 */
export class IdleLimit {
  readonly #configuredMs: number;
  #learnedMs: number = Infinity;
  #learnedAtMs = 0;
  #last: Death | null = null;
  /** Whether the last death was one of a restart's. */
  #restart = false;
  /** What had been learned before the deaths of this moment. */
  #beforeMs: number = Infinity;

  constructor(configuredMs: number) {
    this.#configuredMs = configuredMs;
  }

  /** The limit now, in ms; never above the configured one. */
  currentMs(nowMs: number): number {
    if (this.#learnedMs === Infinity) return this.#configuredMs;
    const relaxed = this.#learnedMs * 2 ** ((nowMs - this.#learnedAtMs) / doublingMs);
    if (relaxed < this.#configuredMs) return relaxed;
    this.#learnedMs = Infinity;
    return this.#configuredMs;
  }

  /** Takes note that a request met a connection which the server had closed after `idleMs`. */
  onStale(idleMs: number, nowMs: number): void {
    this.#take({ idleMs, atMs: nowMs }, true);
  }

  /** Takes note that the server closed an idle connection, which nobody was using. */
  onClosed(idleMs: number, nowMs: number): void {
    this.#take({ idleMs, atMs: nowMs }, false);
  }

  #take(death: Death, certain: boolean): void {
    if (death.idleMs < floorMs) return;
    const last = this.#last;
    this.#last = death;
    const together = last !== null && death.atMs - last.atMs < togetherMs;
    const sameAge = last !== null && isSameAge(last.idleMs, death.idleMs);
    if (together && (this.#restart || !sameAge)) {
      this.#restart = true;
      this.#learnedMs = this.#beforeMs;
      return;
    }
    this.#restart = false;
    if (!together) this.#beforeMs = this.#learnedMs;
    if (certain || sameAge) this.#lower(death.idleMs * (1 - bufferShare), death.atMs);
  }

  #lower(limitMs: number, nowMs: number): void {
    if (limitMs >= this.currentMs(nowMs)) return;
    this.#learnedMs = limitMs;
    this.#learnedAtMs = nowMs;
  }
}

function isSameAge(one: number, other: number): boolean {
  return Math.abs(one - other) <= sameAgeShare * Math.max(one, other);
}
