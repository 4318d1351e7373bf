import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root: string = join(import.meta.dirname, "../../..");

/** The text of a file of the repository. */
export function text(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The JavaScript blocks of a page, in order. */
export function snippets(path: string): string[] {
  return [...text(path).matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = ""]) => code);
}

/** Every page that people read, packages' own included. */
export function pages(): string[] {
  const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
  const packages = readdirSync(join(root, "packages"));
  return [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    ...packages.map((name) => `packages/${name}/README.md`),
    ...docs.filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`),
  ];
}

/** The anchors that GitHub gives to the headings of a page. */
export function anchors(path: string): string[] {
  return [...text(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** The first cells and the second ones of all table rows of a page, where the first is code. */
export function options(path: string): Map<string, string> {
  const rows = text(path).matchAll(/^\| `([\w.]+)` *\| ([^|]*?) *\|/gm);
  return new Map([...rows].map(([, name = "", value = ""]) => [name, value]));
}
