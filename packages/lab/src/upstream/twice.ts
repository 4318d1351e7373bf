/**
 * Counts requests that were processed more than once, by their contender.
 *
 * @param ids - Request ids, such as `axios-retry-17-3`: contender, burst and place in it.
 */
export function twiceByContender(ids: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const id of ids) {
    const contender = /^(.+?)-\d+-\d+$/.exec(id)?.[1];
    // Burst -1 is not counted.
    if (contender === undefined || contender.endsWith("-")) continue;
    counts[contender] = (counts[contender] ?? 0) + 1;
  }
  return counts;
}
