/** Least likeness of a suggestion: more than half of the letter pairs. */
const minLikeness = 0.55;

/**
 * Finds the name that was probably meant, by the letter pairs that two names share (Dice's coefficient).
 *
 * @param known - Names or dotted paths, of which only the last part is compared.
 * @returns null where none is like it.
 */
export function closestName(name: string, known: readonly string[]): string | null {
  let closest: string | null = null;
  let best = 0;
  for (const each of known) {
    const found = likeness(name, each.slice(each.lastIndexOf(".") + 1));
    if (found > best) [closest, best] = [each, found];
  }
  return best < minLikeness ? null : closest;
}

function likeness(first: string, second: string): number {
  const [firstPairs, secondPairs] = [pairs(first), pairs(second)];
  const all = firstPairs.length + secondPairs.length;
  let shared = 0;
  for (const pair of firstPairs) {
    const at = secondPairs.indexOf(pair);
    if (at === -1) continue;
    secondPairs.splice(at, 1);
    shared += 1;
  }
  return (2 * shared) / all;
}

/** Pairs of neighbouring letters, in lower case; the unit of a duration is not compared. */
function pairs(name: string): string[] {
  const letters = ` ${name.replace(/Ms$/, "").toLowerCase()}`;
  return Array.from({ length: letters.length - 1 }, (_, at) => letters.slice(at, at + 2));
}
