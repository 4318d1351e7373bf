import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root: string = join(import.meta.dirname, "../../..");

/** The folders below packages/. */
export const packageNames: readonly string[] = readdirSync(join(root, "packages"));

/** The text of a file of the repository. */
export function text(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  readonly language: string;
  /** Line of the page on which the code begins, from 1. */
  readonly line: number;
  readonly code: string;
}

/** Every fenced block of a page, in order. */
export function blocks(page: string): Block[] {
  const whole = text(page);
  return [...whole.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(
    ({ index, 1: language, 2: code }) => ({
      page,
      language: language!,
      line: whole.slice(0, index).split("\n").length + 1,
      code: code!,
    }),
  );
}

/** The JavaScript blocks of a page, in order; the TypeScript ones with another language. */
export function snippets(path: string, language = "js"): string[] {
  return blocks(path)
    .filter((block) => block.language === language)
    .map(({ code }) => code);
}

/** Every page that people read, packages' own included. */
export function pages(): string[] {
  const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
  return [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    ...packageNames.map((name) => `packages/${name}/README.md`),
    ...docs.filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`),
  ];
}

/** The anchors that GitHub gives to the headings of a page; of several with one text all but the first have a number. */
export function anchors(path: string): string[] {
  const seen = new Map<string, number>();
  const prose = text(path).replaceAll(/^```.*?^```$/gms, "");
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, "")
      .replaceAll(" ", "-");
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

/** The first cells and the second ones of all table rows of a page, where the first is code. */
export function options(path: string): Map<string, string> {
  const rows = text(path).matchAll(/^\| `([\w.]+)` *\| ([^|]*?) *\|/gm);
  return new Map([...rows].map(([, name = "", value = ""]) => [name, value]));
}
