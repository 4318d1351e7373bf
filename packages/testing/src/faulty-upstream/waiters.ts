import { clearTimeout, setTimeout } from "node:timers";

interface Waiter {
  readonly condition: () => boolean;
  readonly settle: (error: unknown) => void;
}

/** Conditions that callers wait for, checked after each event of the upstream. */
export class Waiters {
  #waiting: Waiter[] = [];

  /** Resolves once the condition holds; rejects after `timeoutMs`. */
  wait(condition: () => boolean, timeoutMs: number): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        condition,
        settle: (error) => {
          clearTimeout(timer);
          this.#waiting = this.#waiting.filter((one) => one !== waiter);
          if (error === null) resolve();
          else reject(error);
        },
      };
      const timeoutError = new Error(`the condition did not hold within ${timeoutMs} ms`);
      const timer = setTimeout(() => waiter.settle(timeoutError), timeoutMs);
      this.#waiting.push(waiter);
    });
  }

  /** Settles the waits whose condition holds now; called after each event. */
  check(): void {
    if (this.#waiting.length === 0) return;
    for (const waiter of this.#waiting) {
      try {
        if (waiter.condition()) waiter.settle(null);
      } catch (error) {
        waiter.settle(error);
      }
    }
  }

  /** Rejects all waits. */
  close(): void {
    for (const waiter of this.#waiting) waiter.settle(new Error("the upstream was closed"));
  }
}
