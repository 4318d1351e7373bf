import type { LoadReport } from "../contender/contender-message.ts";
import type { Measure } from "./measure.ts";
import { percentile } from "./percentile.ts";

/** Calls that the percentile is of: about ten seconds of the load with the default settings. */
const maxDurations = 1_000;

/** Sums up what a contender and the upstream report. */
export class Meter {
  #calls = 0;
  #failed = 0;
  #resends = 0;
  #durationsMs: number[] = [];
  /** Requests that the upstream processed more than once. */
  twice = 0;

  add({ calls, failed, resends, durationsMs }: LoadReport): void {
    this.#calls += calls;
    this.#failed += failed;
    this.#resends += resends;
    this.#durationsMs = [...this.#durationsMs, ...durationsMs].slice(-maxDurations);
  }

  measure(): Measure {
    return {
      calls: this.#calls,
      failed: this.#failed,
      twice: this.twice,
      resends: this.#resends,
      p99Ms: percentile(this.#durationsMs, 0.99),
    };
  }
}
