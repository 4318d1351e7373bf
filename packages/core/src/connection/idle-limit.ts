import { ResponseCloses, rightAfterMs } from "./response-closes.ts";

/** The share of the learned age that is kept as a buffer against latency and clock differences. */
const bufferShare = 0.2;

/** How long it takes a learned limit to double, in ms: slow enough to outlive a burst, fast enough to forgive a restart. */
const doublingMs = 60_000;

/** Deaths this close together, in ms, have one cause. */
const togetherMs = 50;

/** How much two idle ages may differ, as a share of the larger, and still be the same timer's. */
const sameAgeShare = 0.25;

/** How many idle connections one death may keep from requests that must not meet another. */
const maxPassedOver = 3;

/** A connection's death at the server's hands. */
interface Death {
  readonly idleMs: number;
  readonly atMs: number;
}

/**
 * How long a connection to one origin may have been idle and still be used.
 *
 * Starts at the configured limit. Two deaths in turn at like idle ages, under a request or while idle, are an idle
 * timeout and lower it; time raises it again. A single one is a hint: it keeps what cannot be resent off connections of
 * that age, until a connection outlives it or a few have been passed over. Deaths at one moment are one event; with
 * different ages they are a restart and teach nothing: after a deploy connections are kept as before.
 */
export class IdleLimit {
  /** What is learned from connections that die younger than any idle timeout would let them. */
  readonly responseCloses: ResponseCloses = new ResponseCloses();
  readonly #configuredMs: number;
  #learnedMs: number = Infinity;
  #learnedAtMs = 0;
  #last: Death | null = null;
  /** The last death while nothing has spoken against an idle timeout at its age. */
  #hint: Death | null = null;
  #passedOver = 0;
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

  /** The limit for what cannot be resent, in ms. */
  unsafeMs(nowMs: number): number {
    const limitMs = this.currentMs(nowMs);
    return this.#hint === null ? limitMs : Math.min(limitMs, below(this.#hint.idleMs));
  }

  /** Takes note that the server closed a connection which had been idle for `idleMs`, under a request or without one. */
  onDeath(idleMs: number, nowMs: number): void {
    if (idleMs < rightAfterMs) return this.responseCloses.onClose();
    const death = { idleMs, atMs: nowMs };
    const last = this.#last;
    this.#last = death;
    if (last !== null && nowMs - last.atMs < togetherMs) return this.#takeTogether(last, death);
    this.#restart = false;
    this.#beforeMs = this.#learnedMs;
    const hint = this.#hint;
    if (hint !== null && isSameAge(hint.idleMs, idleMs)) {
      this.#lower(below(Math.min(hint.idleMs, idleMs)), nowMs);
    }
    this.#setHint(death);
  }

  /** Takes note that a request was answered on a connection which had been idle for `idleMs`. */
  onAnswer(idleMs: number): void {
    this.responseCloses.onOutlived();
    if (this.#hint !== null && idleMs >= this.#hint.idleMs) this.#setHint(null);
  }

  /** Takes note that a connection still stands, as far as is known, which has been idle for `idleMs`. */
  onStanding(idleMs: number): void {
    if (idleMs >= rightAfterMs) this.responseCloses.onOutlived();
    // The end of one that is not much older may be on its way.
    if (this.#hint !== null && idleMs * (1 - sameAgeShare) >= this.#hint.idleMs)
      this.#setHint(null);
  }

  /** Whether what cannot be resent keeps off a connection that has been idle for `idleMs`. */
  endangers(idleMs: number, nowMs: number): boolean {
    return idleMs > this.unsafeMs(nowMs) || this.responseCloses.endangers(idleMs);
  }

  /** Takes note that a connection was not used, being endangered. */
  onPassedOver(idleMs: number): void {
    if (this.responseCloses.endangers(idleMs)) return this.responseCloses.onPassedOver();
    this.#passedOver += 1;
    if (this.#passedOver === maxPassedOver) this.#setHint(null);
  }

  #takeTogether(last: Death, death: Death): void {
    if (!this.#restart && isSameAge(last.idleMs, death.idleMs)) return;
    this.#restart = true;
    this.#learnedMs = this.#beforeMs;
    this.#setHint(null);
  }

  #setHint(hint: Death | null): void {
    this.#hint = hint;
    this.#passedOver = 0;
  }

  #lower(limitMs: number, nowMs: number): void {
    if (limitMs >= this.currentMs(nowMs)) return;
    this.#learnedMs = limitMs;
    this.#learnedAtMs = nowMs;
  }
}

/** An idle age that is safe where connections die at another. */
function below(idleMs: number): number {
  return idleMs * (1 - bufferShare);
}

function isSameAge(one: number, other: number): boolean {
  return Math.abs(one - other) <= sameAgeShare * Math.max(one, other);
}
