import type { BackOff } from "./back-off.ts";
import type { BudgetOptions } from "./budget.ts";
import type { Condition } from "./condition.ts";

/** When, how often and for how long a request is resent. All fields resolved; see {@link RetryOptions}. */
export interface RetryPolicy {
  /**
   * Maximum number of attempts, the first included; stale and unsent resends do not count.
   *
   * @defaultValue 3 (AWS SDK's standard mode)
   */
  readonly maxAttempts: number;
  /**
   * Conditions under which a retry-safe request is resent.
   *
   * @defaultValue reset, connect-failure, refused-stream, gateway-error, rate-limited
   */
  readonly retryOn: readonly Condition[];
  readonly backOff: BackOff;
  /**
   * Longest time from the start of an attempt to the response headers, in ms; restarts at the end of a wait for a
   * connection, with each progress of the request body, and once more for a response that is held.
   *
   * @defaultValue 15000
   */
  readonly attemptTimeoutMs: number;
  /**
   * Longest time of all attempts and waits together, to the response headers, in ms, uploads included.
   *
   * @defaultValue 30000
   */
  readonly totalTimeoutMs: number;
  /**
   * Time for which an unsent request is tried again, whatever its method, in ms; 0 leaves it to `retryOn`.
   *
   * @defaultValue 2000
   */
  readonly unsentWindowMs: number;
  /** Budget of the origin for resends that count. */
  readonly budget: BudgetOptions;
  /** Budget of the origin for stale resends. */
  readonly staleBudget: BudgetOptions;
}
