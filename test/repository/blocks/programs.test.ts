import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { blocks, pages, root, text, type Block } from "../readme/markdown.ts";
import { exceptions, given } from "./given.ts";

/** In the repository, where packages are found as a reader's project finds them, and outside its sources. */
const folder = join(root, ".tmp", `blocks-${process.pid}`);

const options = {
  allowJs: true,
  checkJs: true,
  noEmit: true,
  strict: true,
  // Pages have JavaScript, where parameters have no types.
  noImplicitAny: false,
  useUnknownInCatchVariables: false,
  experimentalDecorators: true,
  target: "es2023",
  lib: ["es2024", "dom"],
  module: "nodenext",
  moduleDetection: "force",
  types: ["node"],
  typeRoots: [join(root, "node_modules/@types")],
  skipLibCheck: true,
};

/** Blocks of docs/api in TypeScript are signatures, which TypeDoc has printed from checked declarations. */
const isSignature = ({ page, language }: Block): boolean =>
  page.startsWith("docs/api/") && language === "ts";

const programs = pages()
  .flatMap((page) => blocks(page))
  .filter(({ language }) => language === "js" || language === "ts")
  .filter((block) => !isSignature(block));

beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every block of JavaScript and TypeScript has the right types, given what its page assumes", () => {
  expect(programs.length).toBeGreaterThan(80);
  const errors = check(programs);
  const isException = ({ page, text }: TypeError): boolean =>
    exceptions.some((exception) => exception.page === page && exception.error.test(text));
  expect(errors.filter((error) => !isException(error)).map(({ text }) => text)).toEqual([]);
  const stale = exceptions.filter(
    ({ page, error }) => !errors.some((each) => each.page === page && error.test(each.text)),
  );
  expect(stale).toEqual([]);
});

test("a block with a misspelt import or option is found", () => {
  const block = (code: string): Block => ({ page: "page.md", language: "js", line: 7, code });
  const wrong = [
    'import { reissued } from "@reissue/express";\nreissued();\n',
    'import { reissue } from "@reissue/express";\nreissue({ upstreams: {} });\n',
    "upstream();\n",
  ];
  const errors = check(wrong.map((code, at) => ({ ...block(code), line: 10 * at + 7 })));
  const found = errors.map(({ text }) => text.slice(0, text.indexOf(" ")));
  expect(found).toEqual(["page.md:7", "page.md:18", "page.md:27"]);
});

/** An error of the compiler's, with the line of its page. */
interface TypeError {
  readonly page: string;
  readonly text: string;
}

/** The errors of blocks in one program. */
function check(all: readonly Block[]): TypeError[] {
  const pageOf = new Map<string, string>();
  for (const [index, block] of all.entries()) {
    const name = `${index}.${block.language}`;
    pageOf.set(name, block.page);
    writeFileSync(join(folder, name), moduleOf(block));
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const project = { compilerOptions: options, files: [...pageOf.keys()] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const args = [compiler, "-p", folder, "--pretty", "false"];
  const { stdout } = spawnSync(process.execPath, args, { encoding: "utf8", cwd: folder });
  return [...stdout.matchAll(/^(\S+?)\((\d+),\d+\): (error .*)$/gm)].map(
    ([, name = "", line = "", problem = ""]) => {
      const page = pageOf.get(name) ?? name;
      return { page, text: `${page}:${line} ${problem}` };
    },
  );
}

/** A block as a module, on the lines that it has on its page; what the page takes for granted is on the first one. */
function moduleOf({ page, line, code }: Block): string {
  const before = Object.entries({ ...exportsOf(page), ...given[page] })
    .filter(([name]) => uses(code, name) && !declares(code, name))
    .map(([name, source]) => declaration(name, source));
  return `${before.join("")}export {};${"\n".repeat(line - 1)}${code}`;
}

function declaration(name: string, source: string): string {
  if (source === "own") return `const ${name} = /** @type {any} */ (null);`;
  if (source === "client")
    return `const ${name} = (await import("@reissue/upstream")).createUpstream();`;
  const [, module] = /^default of (.*)/.exec(source) ?? [];
  return module === undefined
    ? `import { ${name} } from "${source}";`
    : `import ${name} from "${module}";`;
}

/** What a page of docs/api is about: its headings name what the package exports. */
function exportsOf(page: string): Record<string, string> {
  const [, name] = /^docs\/api\/(.*)\.md$/.exec(page) ?? [];
  if (name === undefined) return {};
  const headings = [...text(page).matchAll(/^### (\w+)(?:\(\))?$/gm)];
  return Object.fromEntries(headings.map(([, heading = ""]) => [heading, `@reissue/${name}`]));
}

function uses(code: string, name: string): boolean {
  return new RegExp(String.raw`(?<![.\w])${name}\b`).test(code);
}

/** Whether a block declares a name itself, or imports it. */
function declares(code: string, name: string): boolean {
  return new RegExp(
    String.raw`^(export )?(const|let|async function|function|class|import) [^=;(]*?\b${name}\b`,
    "ms",
  ).test(code);
}
