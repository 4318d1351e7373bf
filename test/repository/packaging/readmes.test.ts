import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { root } from "../readme/markdown.ts";

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
}

const published = readdirSync(join(root, "packages"))
  .filter((folder) => existsSync(join(root, "packages", folder, "package.json")))
  .map((folder) => ({ folder, ...manifestOf(folder) }))
  .filter((manifest) => manifest.private !== true);

function manifestOf(folder: string): Manifest {
  return JSON.parse(
    readFileSync(join(root, "packages", folder, "package.json"), "utf8"),
  ) as Manifest;
}

const docs = "https://github.com/reissue/reissue/blob/main/docs/README.md";
const license = "https://github.com/reissue/reissue/blob/main/LICENSE";
const lastLine = `[all documentation](${docs}). Node 20.19 or later, ES modules and CommonJS. [MIT](${license}).`;

test("README.md lists every published package", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const missing = published.filter(
    ({ name, folder }) => !readme.includes(`[${name}](packages/${folder})`),
  );
  expect(missing.map(({ name }) => name)).toEqual([]);
});

describe.each(published)("the README of $name", ({ name, folder }) => {
  const lines = readFileSync(join(root, "packages", folder, "README.md"), "utf8")
    .trimEnd()
    .split("\n");

  test("begins with the name of the package, and leads to all documentation at its end", () => {
    expect(lines[0]).toBe(`# ${name}`);
    expect(lines.at(-1)).toContain(lastLine);
  });

  test("shows code or a command in its first twenty lines", () => {
    expect(lines.slice(0, 20).join("\n")).toMatch(/^```(?:js|ts|sh)$/m);
  });
});
