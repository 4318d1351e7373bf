// @ts-check

/** @typedef {{ median: number, lowerQuartile: number, upperQuartile: number, min: number, max: number }} Spread */

/** The value below which a share `at` of the values lies, interpolated; 0.5 is the median. */
export function quantile(/** @type {readonly number[]} */ values, /** @type {number} */ at) {
  const sorted = values.toSorted((one, other) => one - other);
  const place = (sorted.length - 1) * at;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export function median(/** @type {readonly number[]} */ values) {
  return quantile(values, 0.5);
}

/** @returns {Spread} */
export function spread(/** @type {readonly number[]} */ values) {
  return {
    median: median(values),
    lowerQuartile: quantile(values, 0.25),
    upperQuartile: quantile(values, 0.75),
    min: Math.min(...values),
    max: Math.max(...values),
  };
}

/**
 * How a figure compares with another one: the ratio of each round, since what disturbs a round disturbs all that run in
 * it, and the spread of these.
 */
export function ratio(
  /** @type {readonly number[]} */ values,
  /** @type {readonly number[]} */ baseline,
) {
  return spread(values.map((value, round) => value / baseline[round]));
}
