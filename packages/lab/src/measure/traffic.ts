/** Lowest and highest traffic of the slider, in requests a second. */
export const trafficBounds = { min: 10, max: 10_000 } as const;

/** Steps of the slider. */
export const trafficSteps: number = 60;

/**
 * Traffic at a step of the slider, which is logarithmic: each third of it is a factor of ten.
 *
 * @param step - 0 to {@link trafficSteps}.
 * @returns requests a second, to two digits
 */
export function trafficAt(step: number): number {
  const { min, max } = trafficBounds;
  return Number((min * (max / min) ** (step / trafficSteps)).toPrecision(2));
}
