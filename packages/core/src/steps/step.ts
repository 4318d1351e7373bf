import { OptionError } from "../common/reissue-error.ts";
import { describe } from "../common/option.ts";

/** The most characters of a step: as many as an idempotency key may have. */
export const maxStepLength = 255;

/**
 * Checks the name of a step; undefined where there is none.
 *
 * @throws {@link OptionError} for what is no string, or one that is empty or longer than {@link maxStepLength}.
 */
export function checkStep(value: unknown, path: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && value.length > 0 && value.length <= maxStepLength) return value;
  throw new OptionError(
    path,
    `must be a string of 1 to ${maxStepLength} characters, got ${describe(value)}`,
  );
}
