import { checkDuration } from "@reissue/core/internal";

/** Default of the longest silence in the middle of a response, in ms: undici's own. */
export const defaultBodyTimeoutMs = 300_000;

/**
 * Reads `bodyTimeoutMs`; 0 and Infinity both mean no limit.
 *
 * @throws {@link OptionError} for any other value than a duration.
 */
export function bodyTimeout(value: unknown, path: string, fallback: number): number {
  if (value === 0 || value === Infinity) return Infinity;
  return checkDuration(value, path, fallback);
}
