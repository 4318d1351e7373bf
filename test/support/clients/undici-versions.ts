import type { fetch, getGlobalDispatcher, request, setGlobalDispatcher } from "undici";

/** A version of npm's undici. */
export type UndiciVersion = "undici 6" | "undici 7" | "undici 8";

/** The names under which the versions are installed here. */
const packages: Readonly<Record<UndiciVersion, string>> = {
  "undici 6": "undici6",
  "undici 7": "undici",
  "undici 8": "undici8",
};

/** The major version of this Node. */
export const nodeVersion: number = Number(process.versions.node.split(".")[0]);

/** The versions that run on this Node. */
export const undiciVersions: readonly UndiciVersion[] = [
  "undici 6",
  "undici 7",
  ...(nodeVersion >= 22 ? (["undici 8"] as const) : []),
];

/** What every version exports alike. */
export interface Undici {
  readonly fetch: typeof fetch;
  readonly request: typeof request;
  readonly getGlobalDispatcher: typeof getGlobalDispatcher;
  readonly setGlobalDispatcher: typeof setGlobalDispatcher;
}

/** Loads a version. */
export async function undiciOf(version: UndiciVersion): Promise<Undici> {
  return (await import(packages[version])) as Undici;
}

/** Has code import a version. */
export function importing(code: string, version: UndiciVersion): string {
  return code.replace('from "undici"', `from "${packages[version]}"`);
}
