import { checkDuration } from "@reissue/core/internal";

/** The longest silence in the middle of a response where nothing else was said, in ms: undici's own. */
export const defaultBodyTimeoutMs = 300_000;

/**
 * Reads `bodyTimeoutMs`: 0 and Infinity both stand for any silence.
 *
 * @throws {@link OptionError} for what is no duration.
 */
export function bodyTimeout(value: unknown, path: string, fallback: number): number {
  if (value === 0 || value === Infinity) return Infinity;
  return checkDuration(value, path, fallback);
}
