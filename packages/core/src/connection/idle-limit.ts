import { ResponseCloses, rightAfterMs } from "./response-closes.ts";

/** Share of the learned idle time that is kept as a buffer against latency and clock differences. */
const bufferShare = 0.2;

/** Time in which a learned limit doubles, in ms: slow enough to outlast a burst, fast enough to forgive a restart. */
const doublingMs = 60_000;

/** Interval within which deaths have one cause, in ms. */
const togetherMs = 50;

/** Difference of two idle times that may be the same timer's, as a share of the larger. */
const sameAgeShare = 0.25;

/** Number of idle connections that one death may keep from requests that cannot be resent. */
const maxPassedOver = 3;

/** Close of a connection by the server. */
interface Death {
  readonly idleMs: number;
  readonly atMs: number;
}

/**
 * Longest idle time after which a connection to one origin is still used.
 *
 * Starts at the configured limit. Two consecutive deaths at similar idle times, under a request or while idle, are an
 * idle timeout and lower the limit; time raises it again. A single death is a hint: it keeps requests that cannot be
 * resent off connections of that idle time, until a connection outlives it or a few have been passed over. Deaths at
 * one moment are one event; with different idle times they are a restart and teach nothing: after a deployment
 * connections are kept as before.
 */
export class IdleLimit {
  /** Learned from connections that die sooner than any idle timeout would close them. */
  readonly responseCloses: ResponseCloses = new ResponseCloses();
  readonly #configuredMs: number;
  #learnedMs: number = Infinity;
  #learnedAtMs = 0;
  #last: Death | null = null;
  /** Latest death, until evidence against an idle timeout of that length. */
  #hint: Death | null = null;
  #passedOver = 0;
  /** Whether the latest death was part of a restart. */
  #restart = false;
  /** Limit learned before the deaths of the present moment. */
  #beforeMs: number = Infinity;

  constructor(configuredMs: number) {
    this.#configuredMs = configuredMs;
  }

  /** Present limit, in ms; never above the configured one. */
  currentMs(nowMs: number): number {
    if (this.#learnedMs === Infinity) return this.#configuredMs;
    const relaxed = this.#learnedMs * 2 ** ((nowMs - this.#learnedAtMs) / doublingMs);
    if (relaxed < this.#configuredMs) return relaxed;
    this.#learnedMs = Infinity;
    return this.#configuredMs;
  }

  /** Present limit for requests that cannot be resent, in ms. */
  unsafeMs(nowMs: number): number {
    const limitMs = this.currentMs(nowMs);
    return this.#hint === null ? limitMs : Math.min(limitMs, below(this.#hint.idleMs));
  }

  /** Notes that the server closed a connection which had been idle for `idleMs`, under a request or without one. */
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

  /** Notes a response on a connection which had been idle for `idleMs`. */
  onAnswer(idleMs: number): void {
    this.responseCloses.onOutlived();
    if (this.#hint !== null && idleMs >= this.#hint.idleMs) this.#setHint(null);
  }

  /** Notes a connection that seems open, and has been idle for `idleMs`. */
  onStanding(idleMs: number): void {
    if (idleMs >= rightAfterMs) this.responseCloses.onOutlived();
    // A connection that is not much older may be about to end.
    if (this.#hint !== null && idleMs * (1 - sameAgeShare) >= this.#hint.idleMs)
      this.#setHint(null);
  }

  /** Whether a request that cannot be resent must avoid a connection that has been idle for `idleMs`. */
  endangers(idleMs: number, nowMs: number): boolean {
    return idleMs > this.unsafeMs(nowMs) || this.responseCloses.endangers(idleMs);
  }

  /** Notes that a connection was passed over because it was endangered. */
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

/** Idle time that is safe where connections die at the given one. */
function below(idleMs: number): number {
  return idleMs * (1 - bufferShare);
}

function isSameAge(one: number, other: number): boolean {
  return Math.abs(one - other) <= sameAgeShare * Math.max(one, other);
}
