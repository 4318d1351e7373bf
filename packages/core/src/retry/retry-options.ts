import { OptionError } from "../common/reissue-error.ts";
import { checkDuration, checkKeys, checkNumber, describe, maxTimerMs } from "../common/option.ts";
import type { BackOff } from "./back-off.ts";
import type { BudgetOptions } from "./budget.ts";
import type { Condition } from "./condition.ts";
import type { RetryPolicy } from "./policy.ts";

/** A condition as people write it: `ECONNRESET` is another word for `reset`. */
export type ConditionName = Condition | "ECONNRESET";

/** What a route or a single call may say about being sent again; see {@link RetryPolicy} for units and defaults. */
export interface CallRetryOptions {
  readonly maxAttempts?: number | undefined;
  /**
   * The conditions under which it is resent, in place of the wider ones.
   *
   * On a route or a call this is the opt-in: whoever writes it says that a second processing does no harm, whatever
   * the method. An empty list leaves only requests that never reached the upstream to be resent (`unsentWindowMs`).
   */
  readonly retryOn?: readonly ConditionName[] | undefined;
  readonly backOff?: Partial<BackOff> | undefined;
  readonly attemptTimeoutMs?: number | undefined;
  readonly totalTimeoutMs?: number | undefined;
  readonly unsentWindowMs?: number | undefined;
}

/** What a client or an origin may say about resending; see {@link RetryPolicy} for units and defaults. */
export interface RetryOptions extends CallRetryOptions {
  readonly budget?: Partial<BudgetOptions> | undefined;
  readonly staleBudget?: Partial<BudgetOptions> | undefined;
}

const conditionWords: readonly unknown[] = [
  "reset",
  "connect-failure",
  "refused-stream",
  "timeout",
  "gateway-error",
  "rate-limited",
] satisfies readonly Condition[];

const callKeys = [
  "maxAttempts",
  "retryOn",
  "backOff",
  "attemptTimeoutMs",
  "totalTimeoutMs",
  "unsentWindowMs",
] as const satisfies readonly (keyof CallRetryOptions)[];

const retryKeys = [...callKeys, "budget", "staleBudget"] as const;

/**
 * Lays options of a client or an origin over a policy.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function retryPolicy(options: RetryOptions, base: RetryPolicy, path: string): RetryPolicy {
  checkKeys(options, path, retryKeys);
  return {
    ...overlay(options, base, path),
    budget: budget(options.budget, base.budget, `${path}.budget`),
    staleBudget: budget(options.staleBudget, base.staleBudget, `${path}.staleBudget`),
  };
}

/**
 * Lays options of a route or a call over a policy; the budgets stay the origin's.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function callRetryPolicy(
  options: CallRetryOptions,
  base: RetryPolicy,
  path: string,
): RetryPolicy {
  checkKeys(options, path, callKeys);
  return overlay(options, base, path);
}

/**
 * Reads a list of conditions.
 *
 * @throws {@link OptionError} for a word that is no condition, or a number that is no status.
 */
export function conditions(names: unknown, path: string): readonly Condition[] {
  if (!Array.isArray(names)) {
    throw new OptionError(path, `must be an array of conditions, got ${describe(names)}`);
  }
  return names.map((name: unknown, index) => condition(name, `${path}[${index}]`));
}

function condition(name: unknown, path: string): Condition {
  if (name === "ECONNRESET") return "reset";
  if (conditionWords.includes(name)) return name as Condition;
  if (typeof name === "number" && Number.isInteger(name) && name >= 400 && name <= 599) return name;
  throw new OptionError(
    path,
    `must be one of ${conditionWords.join(", ")}, ECONNRESET, or a status from 400 to 599, got ${describe(name)}`,
  );
}

function overlay(options: CallRetryOptions, base: RetryPolicy, path: string): RetryPolicy {
  return {
    ...base,
    maxAttempts: checkNumber(options.maxAttempts, `${path}.maxAttempts`, base.maxAttempts, {
      min: 1,
      integer: true,
    }),
    retryOn:
      options.retryOn === undefined ? base.retryOn : conditions(options.retryOn, `${path}.retryOn`),
    backOff: backOff(options.backOff, base.backOff, `${path}.backOff`),
    attemptTimeoutMs: timeout(options, base, path, "attemptTimeoutMs"),
    totalTimeoutMs: timeout(options, base, path, "totalTimeoutMs"),
    unsentWindowMs: checkDuration(
      options.unsentWindowMs,
      `${path}.unsentWindowMs`,
      base.unsentWindowMs,
    ),
  };
}

function timeout(
  options: CallRetryOptions,
  base: RetryPolicy,
  path: string,
  name: "attemptTimeoutMs" | "totalTimeoutMs",
): number {
  return checkNumber(options[name], `${path}.${name}`, base[name], { min: 1, max: maxTimerMs });
}

function backOff(options: Partial<BackOff> | undefined, base: BackOff, path: string): BackOff {
  if (options === undefined) return base;
  checkKeys(options, path, ["baseMs", "capMs"]);
  return {
    baseMs: checkDuration(options.baseMs, `${path}.baseMs`, base.baseMs),
    capMs: checkDuration(options.capMs, `${path}.capMs`, base.capMs),
  };
}

function budget(
  options: Partial<BudgetOptions> | undefined,
  base: BudgetOptions,
  path: string,
): BudgetOptions {
  if (options === undefined) return base;
  checkKeys(options, path, ["ratio", "minPerSecond"]);
  return {
    ratio: checkNumber(options.ratio, `${path}.ratio`, base.ratio, { min: 0 }),
    minPerSecond: checkNumber(options.minPerSecond, `${path}.minPerSecond`, base.minPerSecond, {
      min: 0,
    }),
  };
}
