import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { expect, test } from "vitest";

import { blocks, pages, root, type Block } from "../readme/markdown.ts";

interface Manifest {
  readonly name?: string;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** What a block of a page may be written in: what checks it is said beside it. */
const languages = {
  js: "programs.test.ts",
  ts: "programs.test.ts",
  sh: "below",
  json: "below",
  text: "nothing: output, and pictures of text",
  mermaid: "nothing: GitHub draws it",
  yaml: "the recipe's test, or nothing where the recipe says so",
  nginx: "the recipe's test",
  haproxy: "the recipe's test",
  promql: "the alerts' test",
};

const all = pages().flatMap((page) => blocks(page));
const of = (language: string): Block[] => all.filter((block) => block.language === language);

test("every block has a language that is checked", () => {
  const unknown = all.filter(({ language }) => !Object.hasOwn(languages, language));
  expect(unknown.map(({ page, line, language }) => `${page}:${line} ${language}`)).toEqual([]);
});

test("every block of JSON parses", () => {
  expect(of("json").length).toBeGreaterThan(0);
  for (const { page, line, code } of of("json"))
    expect(() => JSON.parse(code) as unknown, `${page}:${line}`).not.toThrow();
});

test("every command of a block exists, with the scripts, files and packages that it names", () => {
  const wrong: string[] = [];
  let count = 0;
  for (const { page, line, code } of of("sh")) {
    for (const [offset, written] of code.split("\n").entries()) {
      const command = written.replace(/(^|\s)#.*$/, "").trim();
      if (command === "") continue;
      count += 1;
      const problem = problemOf(command);
      if (problem !== null) wrong.push(`${page}:${line + offset} ${command}: ${problem}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThan(40);
});

test("a command that does not exist is found", () => {
  for (const command of [
    "npm run nothing",
    "npm install @reissue/nothing",
    "npm --prefix bench run nothing",
    "npx nothing",
    "node nothing.js",
    "node --import @reissue/nothing server.js",
    "nothing",
  ]) {
    expect(problemOf(command), command).not.toBe(null);
  }
});

/** Programs that a page may call without more. */
const programs = ["curl", "kill", "docker", "kubectl"];

/** Files that readers of a page write themselves. */
const readersFiles = ["server.js", "main.js"];

/** Why a command cannot be run by a reader; null if it can. */
function problemOf(command: string): string | null {
  const [program = "", ...args] = command.split(/\s+/).filter((word) => !/^[A-Z_]+=/.test(word));
  if (program === "npm") return problemOfNpm(args);
  if (program === "npx") return problemOfNpx(args);
  if (program === "node") return problemOfNode(args);
  return programs.includes(program) ? null : "an unknown program";
}

function problemOfNpm(args: readonly string[]): string | null {
  const prefix = args[0] === "--prefix" ? args[1]! : ".";
  const [verb = "", ...rest] = args[0] === "--prefix" ? args.slice(2) : args;
  if (verb === "install" || verb === "i") {
    const missing = rest.filter((word) => !word.startsWith("-")).filter((name) => !isPackage(name));
    return missing.length === 0 ? null : `no package ${missing.join(", ")}`;
  }
  const script = verb === "run" ? rest.find((word) => !word.startsWith("-"))! : verb;
  const { scripts = {} } = manifest(join(root, prefix, "package.json"));
  return Object.hasOwn(scripts, script) ? null : `no script ${script}`;
}

function problemOfNpx(args: readonly string[]): string | null {
  const name = args.find((word) => !word.startsWith("-"))!.replace(/(?<=.)@[\d.]+$/, "");
  if (name === "pnpm" || existsSync(join(root, "node_modules/.bin", name))) return null;
  return isPackage(name) ? null : `no package ${name}`;
}

function problemOfNode(args: readonly string[]): string | null {
  const loads = args.findIndex((word) => word === "--import" || word === "--require");
  if (loads >= 0 && !isPackage(args[loads + 1]!)) return `no package ${args[loads + 1]}`;
  const file = args.find((word, at) => !word.startsWith("-") && (loads < 0 || at !== loads + 1));
  if (file === undefined || readersFiles.includes(file)) return null;
  return existsSync(join(root, file)) ? null : `no file ${file}`;
}

/** Whether a package is one of the workspace's, or one that its tests install. */
function isPackage(name: string): boolean {
  if (existsSync(join(root, "node_modules", name, "package.json"))) return true;
  return createRequire(join(root, "examples/package.json"))
    .resolve.paths(name)!
    .some((folder) => existsSync(join(folder, name, "package.json")));
}

function manifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, "utf8")) as Manifest;
}
