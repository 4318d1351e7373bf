import type { BackOff } from "./back-off.ts";
import type { BudgetOptions } from "./budget.ts";
import type { Condition } from "./condition.ts";

/** When, how often and for how long a request is sent again. All fields resolved; see {@link RetryOptions}. */
export interface RetryPolicy {
  /**
   * Attempts in all, the first included; stale and unsent resends do not count.
   *
   * @defaultValue 3 (AWS SDK's standard mode)
   */
  readonly maxAttempts: number;
  /**
   * The conditions under which a retry-safe request is resent.
   *
   * @defaultValue reset, connect-failure, refused-stream, gateway-error, rate-limited
   */
  readonly retryOn: readonly Condition[];
  readonly backOff: BackOff;
  /**
   * How long one attempt may take from its start to the response headers, in ms: anew from each progress of its request
   * body, and once more for a response that is held.
   *
   * @defaultValue 15000
   */
  readonly attemptTimeoutMs: number;
  /**
   * How long all attempts and waits may take together, to the response headers, in ms, uploads included.
   *
   * @defaultValue 30000
   */
  readonly totalTimeoutMs: number;
  /**
   * How long a request that never left is tried again, whatever its method, in ms; 0 leaves it to `retryOn`.
   *
   * @defaultValue 2000
   */
  readonly unsentWindowMs: number;
  /** The origin's budget for resends that count. */
  readonly budget: BudgetOptions;
  /** The origin's cap on stale resends. */
  readonly staleBudget: BudgetOptions;
}
