/**
 * Percentile of some values by the nearest-rank method: the smallest value that at least `share` of them do not exceed.
 *
 * @param share - 0 to 1, such as 0.99.
 * @returns null for no values
 */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? null;
}
