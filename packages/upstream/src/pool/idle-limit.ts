/** Below this idle age a connection's death says nothing of an idle timeout: it was a crash or a restart. */
const floorMs = 20;

/** The share of the learned age that is kept as a buffer against latency and clock differences. */
const bufferShare = 0.2;

/** How long it takes a learned limit to double, in ms: slow enough to outlive a burst, fast enough to forgive a restart. */
const doublingMs = 60_000;

/**
 * How long a connection to one origin may have been idle and still be used.
 *
 * Starts at the configured limit; the idle age at which the server closed a connection (noticed in time or as a stale
 * failure) lowers it, and time raises it again, since servers are reconfigured and a restart looks like a timeout.
 */
export class IdleLimit {
  readonly #configuredMs: number;
  #learnedMs = Infinity;
  #learnedAtMs = 0;

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

  /** Takes note that the server closed a connection which had been idle for `idleMs`. */
  learn(idleMs: number, nowMs: number): void {
    if (idleMs < floorMs) return;
    const limit = idleMs * (1 - bufferShare);
    if (limit >= this.currentMs(nowMs)) return;
    this.#learnedMs = limit;
    this.#learnedAtMs = nowMs;
  }
}
