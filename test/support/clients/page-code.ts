import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { root, text } from "../../repository/readme/markdown.ts";

/** What the code of a page takes for granted, by name. */
export type Given = Readonly<Record<string, unknown>>;

/** The names that code declares at its top, with their values: clients of many libraries. */
export type Declared = Readonly<Record<string, any>>;

/** The JavaScript blocks of each section of a page, by its heading. */
export function sections(path: string): ReadonlyMap<string, readonly string[]> {
  const parts = text(path).split(/^#+ /m);
  const entries = parts.map((part): [string, string[]] => {
    const heading = part.slice(0, part.indexOf("\n"));
    return [heading, [...part.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = ""]) => code)];
  });
  return new Map(entries.filter(([, blocks]) => blocks.length > 0));
}

/** The cells of a page's table rows that begin with a link to a heading of the same page, or with plain text. */
export function rows(path: string, header: string): ReadonlyMap<string, readonly string[]> {
  const lines = text(path).split("\n");
  const start = lines.findIndex((line) => line.startsWith("|") && line.includes(header));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  const table = lines.slice(start + 2, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return new Map(
    table.map(([first = "", ...rest]) => [/^\[([^\]]*)\]/.exec(first)?.[1] ?? first, rest]),
  );
}

const folder = join(root, "node_modules/.cache/page-code");

/** Runs code of a page as a module of its own, which finds the packages of the repository. */
export async function run(code: string, given: Given): Promise<Declared> {
  const id = randomUUID();
  const file = join(folder, `${id}.mjs`);
  const names = [...code.matchAll(/^const (?:(\w+)|\{ ([^}]*) \}) =/gm)].map(
    ([, name, list]) => name ?? list,
  );
  const passed = Symbol.for(id);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    file,
    `const { ${Object.keys(given).join(", ")} } = globalThis[Symbol.for("${id}")];
${code}
export { ${names.join(", ")} };\n`,
  );
  Object.assign(globalThis, { [passed]: given });
  try {
    return (await import(pathToFileURL(file).href)) as Declared;
  } finally {
    delete (globalThis as Record<symbol, unknown>)[passed];
    rmSync(file);
  }
}
