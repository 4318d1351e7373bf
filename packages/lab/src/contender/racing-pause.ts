/**
 * Pause between two bursts of calls that makes them meet the upstream's closing of idle connections: mostly just under
 * its idle timeout, now and then just over it, so that a call is written while the FIN is on its way.
 *
 * @param idleMs - Idle timeout of the upstream, in ms.
 * @param random - Number in [0, 1).
 * @returns the pause after the end of a burst, in ms
 */
export function racingPauseMs(idleMs: number, random: number): number {
  return Math.max(idleMs - 10 + 12 * random, 1);
}
