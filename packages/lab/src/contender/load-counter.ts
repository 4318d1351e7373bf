import { setInterval } from "node:timers";
import type { LoadReport } from "./contender-message.ts";

/** Time between two reports, in ms. */
const reportEveryMs = 250;

/** Counts a contender's calls, and reports them together. */
export class LoadCounter {
  readonly #report: (report: LoadReport) => void;
  #failed = 0;
  #resends = 0;
  #durationsMs: number[] = [];

  constructor(report: (report: LoadReport) => void) {
    this.#report = report;
    setInterval(() => this.#flush(), reportEveryMs);
  }

  /** Counts a call that has ended; `sends` may be 0, if it never got a connection. */
  add(call: {
    readonly failed: boolean;
    readonly sends: number;
    readonly durationMs: number;
  }): void {
    if (call.failed) this.#failed += 1;
    this.#resends += Math.max(call.sends - 1, 0);
    this.#durationsMs.push(Math.round(call.durationMs * 100) / 100);
  }

  #flush(): void {
    const { length: calls } = this.#durationsMs;
    if (calls === 0) return;
    const counts = { calls, failed: this.#failed, resends: this.#resends };
    this.#report({ type: "load", ...counts, durationsMs: this.#durationsMs });
    this.#failed = 0;
    this.#resends = 0;
    this.#durationsMs = [];
  }
}
