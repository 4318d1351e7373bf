import { OptionError } from "../common/reissue-error.ts";
import { describe } from "../common/option.ts";

/** Most characters of a step: as many as of an idempotency key. */
export const maxStepLength = 255;

/**
 * Checks the name of a step; undefined for none.
 *
 * @throws {@link OptionError} for anything but a string of 1 to {@link maxStepLength} characters.
 */
export function checkStep(value: unknown, path: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && value.length > 0 && value.length <= maxStepLength) return value;
  throw new OptionError(
    path,
    `must be a string of 1 to ${maxStepLength} characters, got ${describe(value)}`,
  );
}
