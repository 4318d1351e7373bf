// @ts-check

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

/**
 * What a figure is compared with another one's: the ratio of each round, since what disturbs a round disturbs all that
 * run in it, and of these the median and the quartiles.
 */
export function ratio(
  /** @type {readonly number[]} */ values,
  /** @type {readonly number[]} */ baseline,
) {
  const ratios = values.map((value, round) => value / baseline[round]);
  return {
    median: median(ratios),
    lowerQuartile: quantile(ratios, 0.25),
    upperQuartile: quantile(ratios, 0.75),
    min: Math.min(...ratios),
    max: Math.max(...ratios),
  };
}
