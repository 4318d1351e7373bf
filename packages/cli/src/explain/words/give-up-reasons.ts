import decisionTable from "../../../../../docs/decision-table.md?raw";

/** Meanings of the reasons for which a request was not sent (again), by the reason. */
const meanings: ReadonlyMap<string, string> = new Map(
  [...decisionTable.matchAll(/^\| `([a-z-]+)` \| (.+) \|$/gm)].map(
    ([, reason = "", meaning = ""]) => [reason, meaning],
  ),
);

/** Says what a reason means; null for a text that is none. */
export function reasonMeaning(text: string): string | null {
  return meanings.get(text) ?? null;
}
