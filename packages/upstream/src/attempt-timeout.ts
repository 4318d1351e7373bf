import type { Timer } from "@reissue/core";

import type { Origin } from "./origin.ts";
import type { Expiring } from "./timeout-queue.ts";

/** Bounds each attempt of one call, from its start in line to its headers. */
export class AttemptTimeout implements Expiring {
  readonly #origin: Origin;
  readonly #owner: { onExpire(): void };
  #queued = false;
  #timer: Timer | null = null;
  expiresAtMs = 0;
  before: Expiring | null = null;
  after: Expiring | null = null;

  constructor(origin: Origin, owner: { onExpire(): void }) {
    this.#origin = origin;
    this.#owner = owner;
  }

  /** Starts it; those of the usual length share one timer. */
  arm(nowMs: number, durationMs: number): void {
    const { timeouts, clock } = this.#origin;
    this.expiresAtMs = nowMs + durationMs;
    if (durationMs === timeouts.durationMs) {
      this.#queued = true;
      timeouts.add(this, nowMs);
    } else {
      this.#timer = clock.setTimeout(() => this.onExpire(), Math.max(durationMs, 0));
    }
  }

  /** Whether the time is over, though the timer may be late: other events of a busy loop can come before it. */
  isOver(nowMs: number): boolean {
    return nowMs >= this.expiresAtMs;
  }

  /** Stops it, if it was armed. */
  disarm(): void {
    if (this.#queued) {
      this.#queued = false;
      this.#origin.timeouts.remove(this);
    } else if (this.#timer !== null) {
      this.#origin.clock.clearTimeout(this.#timer);
      this.#timer = null;
    }
  }

  onExpire(): void {
    this.#queued = false;
    this.#timer = null;
    this.#owner.onExpire();
  }
}

/** What an attempt fails with whose time is over. */
export function timeoutError(): DOMException {
  return new DOMException("The upstream did not answer in time", "TimeoutError");
}
