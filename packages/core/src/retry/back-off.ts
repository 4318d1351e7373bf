/** Bounds of a full-jitter back-off. */
export interface BackOff {
  /**
   * Upper bound of the first delay, in milliseconds.
   *
   * @defaultValue 50
   */
  readonly baseMs: number;
  /**
   * Upper bound of any delay, in milliseconds.
   *
   * @defaultValue 2000
   */
  readonly capMs: number;
}

/**
 * Draws a delay evenly from [0, min(capMs, baseMs · 2ⁿ)), in milliseconds.
 *
 * Full jitter spreads callers that failed together better than any fixed schedule (Brooker, "Exponential Backoff And
 * Jitter", AWS Architecture Blog 2015).
 *
 * @param resends - Number of earlier resends, 0 for the first.
 * @param random - A number in [0, 1).
 */
export function fullJitter(resends: number, backOff: BackOff, random: number): number {
  // Larger powers of two are infinite, and 0 times Infinity is NaN.
  return random * Math.min(backOff.capMs, backOff.baseMs * 2 ** Math.min(resends, 1023));
}
