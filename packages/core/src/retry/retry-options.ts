import { OptionError } from "../common/reissue-error.ts";
import {
  durationOption,
  numberOption,
  objectOption,
  optionDefaults,
  optionNames,
  readOptions,
  type OptionTable,
} from "../common/option-table.ts";
import { checkKeys, describe, maxTimerMs } from "../common/option.ts";
import type { BackOff } from "./back-off.ts";
import type { BudgetOptions } from "./budget.ts";
import { defaultConditions, type Condition } from "./condition.ts";
import type { RetryPolicy } from "./policy.ts";

/** Condition in an option: `ECONNRESET` is another name for `reset`. */
export type ConditionName = Condition | "ECONNRESET";

/** Retry options of a route or a call; see {@link RetryPolicy} for units and defaults. */
export interface CallRetryOptions {
  readonly maxAttempts?: number | undefined;
  /**
   * Conditions under which the request is resent, in place of the wider ones.
   *
   * On a route or a call this is the opt-in: its author says that a second processing does no harm, whatever the
   * method. An empty list leaves only unsent requests to be resent (`unsentWindowMs`).
   */
  readonly retryOn?: readonly ConditionName[] | undefined;
  readonly backOff?: Partial<BackOff> | undefined;
  readonly attemptTimeoutMs?: number | undefined;
  readonly totalTimeoutMs?: number | undefined;
  readonly unsentWindowMs?: number | undefined;
}

/** Retry options of a client or an origin; see {@link RetryPolicy} for units and defaults. */
export interface RetryOptions extends CallRetryOptions {
  readonly budget?: Partial<BudgetOptions> | undefined;
  readonly staleBudget?: Partial<BudgetOptions> | undefined;
}

const conditionNames: readonly unknown[] = [
  "reset",
  "connect-failure",
  "refused-stream",
  "timeout",
  "gateway-error",
  "rate-limited",
] satisfies readonly Condition[];

const timeout = { min: 1, max: maxTimerMs };

/** Options of a call, a route, an origin or a client. */
const callTable: OptionTable<Omit<RetryPolicy, "budget" | "staleBudget">> = {
  maxAttempts: numberOption(
    3,
    { min: 1, integer: true },
    "attempts in all, the first included; resends of stale and unsent requests do not count",
  ),
  retryOn: {
    default: defaultConditions,
    check: conditions,
    doc: "the conditions under which a request that is retry-safe is resent",
  },
  backOff: objectOption<BackOff>(
    {
      baseMs: durationOption(
        50,
        "the upper bound of the first delay; it doubles with each, and the delay is drawn evenly from 0 to the bound",
      ),
      capMs: durationOption(
        2000,
        "the upper bound of any delay; Retry-After is obeyed beyond it, up to the deadline",
      ),
    },
    "how long a resend waits",
  ),
  attemptTimeoutMs: numberOption(
    15_000,
    timeout,
    "from the start of an attempt, and anew from the end of its wait in line and from each progress of its request body, to the headers of its response; a response that is held may take it once more, and is then given as it comes",
  ),
  totalTimeoutMs: numberOption(
    30_000,
    timeout,
    "all attempts and waits together, to the headers of the response; an upload that takes longer needs more",
  ),
  unsentWindowMs: durationOption(
    2000,
    "for how long an unsent request is tried again, whatever its method; 0 leaves it to `retryOn`",
  ),
};

/** Options of a client or an origin. */
export const retryTable: OptionTable<RetryPolicy> = {
  ...callTable,
  budget: objectOption<BudgetOptions>(
    {
      // Finagle's and Envoy's 20 %; Finagle's 10 a second let a quiet client retry at all.
      ratio: numberOption(
        0.2,
        { min: 0 },
        "resends that the origin can afford, as a share of its requests",
      ),
      minPerSecond: numberOption(10, { min: 0 }, "resends a second beyond that share"),
    },
    "the origin's budget for resends that count",
  ),
  staleBudget: objectOption<BudgetOptions>(
    {
      // Every stale resend costs a socket that had served before. The limit only stops an upstream that kills each
      // connection at its second request; it must allow the mass close of a large pool.
      ratio: numberOption(
        0.5,
        { min: 0 },
        "the same for resends of stale requests, which `budget` does not count",
      ),
      minPerSecond: numberOption(
        500,
        { min: 0 },
        "resends of stale requests a second beyond that share",
      ),
    },
    "the origin's cap on stale resends",
  ),
};

/** Dotted paths of the options of `retry`, for options that may have been meant. */
export const retryPaths: readonly string[] = optionNames(retryTable).map((name) => `retry.${name}`);

/** Default policy. */
export const defaultPolicy: RetryPolicy = optionDefaults(retryTable);

/**
 * Lays options of a client or an origin over a policy.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function retryPolicy(options: RetryOptions, base: RetryPolicy, path: string): RetryPolicy {
  checkKeys(options, path, optionNames(retryTable));
  return readOptions(retryTable, options, base, path);
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
  checkKeys(options, path, optionNames(callTable));
  const { budget, staleBudget } = base;
  return { ...readOptions(callTable, options, base, path), budget, staleBudget };
}

/**
 * Checks a list of conditions.
 *
 * @throws {@link OptionError} for an unknown condition, or a number that is no status.
 */
export function conditions(names: unknown, path: string): readonly Condition[] {
  if (!Array.isArray(names)) {
    throw new OptionError(path, `must be an array of conditions, got ${describe(names)}`);
  }
  return names.map((name: unknown, index) => condition(name, `${path}[${index}]`));
}

function condition(name: unknown, path: string): Condition {
  if (name === "ECONNRESET") return "reset";
  if (conditionNames.includes(name)) return name as Condition;
  if (typeof name === "number" && Number.isInteger(name) && name >= 400 && name <= 599) return name;
  throw new OptionError(
    path,
    `must be one of ${conditionNames.join(", ")}, ECONNRESET, or a status from 400 to 599, got ${describe(name)}`,
  );
}
