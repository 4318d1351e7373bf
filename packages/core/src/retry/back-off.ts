/** The shape of a full-jitter back-off. */
export interface BackOff {
  /**
   * The upper bound of the first delay, in milliseconds.
   *
   * @defaultValue 50
   */
  readonly baseMs: number;
  /**
   * The upper bound of any delay, in milliseconds.
   *
   * @defaultValue 2000
   */
  readonly capMs: number;
}

/**
 * A delay drawn evenly from [0, min(capMs, baseMs · 2ⁿ)), in milliseconds.
 *
 * Full jitter spreads callers that failed together better than any fixed schedule (Brooker, "Exponential Backoff And
 * Jitter", AWS Architecture Blog 2015).
 *
 * @param resends - How many resends came before, 0 for the first.
 * @param random - A number in [0, 1).
 */
export function fullJitter(resends: number, backOff: BackOff, random: number): number {
  // Beyond this power of two nothing is finite, and 0 times that is no number.
  return random * Math.min(backOff.capMs, backOff.baseMs * 2 ** Math.min(resends, 1023));
}
