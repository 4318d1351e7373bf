/** Losses that were measured in the laboratory. */
export interface MeasuredLoss {
  readonly calls: number;
  readonly failed: number;
}

/** What a team would see at some traffic. */
export interface Projection {
  /** Share of all requests that fail, 0 to 1. */
  readonly share: number;
  /** Whether the share is only an upper bound, since nothing failed in the laboratory. */
  readonly isBound: boolean;
  readonly errorsPerDay: number;
  /** Mean time between two errors, in seconds; Infinity for none. */
  readonly secondsBetween: number;
  /** Share of the hours of a day in which nothing fails, 0 to 1: errors that do not depend on each other are Poisson. */
  readonly quietHours: number;
}

const secondsPerDay = 86_400;

/**
 * Share of the calls that fail, from what was measured.
 *
 * Nothing failed in n calls means less than 3 in n, at a confidence of 95 %: the rule of three.
 */
function lossShare({ calls, failed }: MeasuredLoss): number {
  return failed === 0 ? Math.min(3 / calls, 1) : failed / calls;
}

/**
 * Projects what the laboratory measured to a service's traffic.
 *
 * In the laboratory every call comes after a pause of about the upstream's idle timeout. In a service few do; the share
 * of those is an assumption, which the measurement cannot replace.
 *
 * @param measured - Of one contender; at least one call.
 * @param requestsPerSecond - The service's traffic.
 * @param exposure - Share of the service's requests that come after such a pause, 0 to 1.
 */
export function project(
  measured: MeasuredLoss,
  requestsPerSecond: number,
  exposure: number,
): Projection {
  const share = lossShare(measured) * exposure;
  const errorsPerSecond = share * requestsPerSecond;
  return {
    share,
    isBound: measured.failed === 0,
    errorsPerDay: errorsPerSecond * secondsPerDay,
    secondsBetween: 1 / errorsPerSecond,
    quietHours: Math.exp(-errorsPerSecond * 3_600),
  };
}
