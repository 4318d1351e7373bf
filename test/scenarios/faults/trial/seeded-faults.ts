import { createHash } from "node:crypto";

import { seededRandom, type FaultRule, type ReceivedRequest } from "@reissue/testing";

/** A seed for whatever has a name. */
export function seedOf(name: string): number {
  return createHash("sha256").update(name).digest().readInt32BE();
}

/**
 * The same rules, drawn for each call and each of its sends instead of in the order of arrival.
 *
 * Sixteen callers arrive in any order; so drawn, a seed decides all the same how many calls meet three faults in a row.
 */
export function seededFaults(rules: readonly FaultRule[], seed: number): readonly FaultRule[] {
  return rules.map(({ probability = 1, ...rule }, index) => {
    const draws = new Map<string, number>();
    const match = ({ id }: ReceivedRequest): boolean => {
      const nth = (draws.get(id) ?? 0) + 1;
      draws.set(id, nth);
      const state = Math.imul(seed + Number(id), 0x9e3779b1) ^ Math.imul(nth, 0x85ebca6b) ^ index;
      return seededRandom(state)() < probability;
    };
    return { ...rule, match };
  });
}
