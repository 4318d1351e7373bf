import type { Balancer } from "@reissue/core/internal";

import type { Finding } from "./findings.ts";

/** The lines of a service that mend what was found; empty where nothing is to be changed. */
export function fixFor(
  findings: readonly Finding[],
  behind: readonly Balancer[],
  idleMs: number | null,
): readonly string[] {
  const bad = findings.filter(({ state }) => state === "bad").map(({ check }) => check);
  const keepsAlive = bad.includes("outlasts");
  const drains = bad.some((check) => check !== "outlasts");
  const names = [...(keepsAlive ? ["keepAlive"] : []), ...(drains ? ["drain"] : [])].toSorted();
  if (names.length === 0) return [];
  return [
    `import { ${names.join(", ")} } from "@reissue/server";`,
    "",
    "const server = app.listen(process.env.PORT);",
    ...(keepsAlive ? [`keepAlive(server, { ${optionsOf(behind, idleMs)} });`] : []),
    ...(drains ? ['process.once("SIGTERM", () => drain(server).then(() => process.exit()));'] : []),
  ];
}

function optionsOf(behind: readonly Balancer[], idleMs: number | null): string {
  if (idleMs !== null) return `idleMs: ${idleMs}`;
  const names = behind.map((name) => `"${name}"`);
  return `behind: ${names.length === 1 ? names[0] : `[${names.join(", ")}]`}`;
}
