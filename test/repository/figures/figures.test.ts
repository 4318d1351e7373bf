import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { benches } from "../../../bench/benches.js";
import { pages, root, text } from "../readme/markdown.ts";
import { unmeasured } from "./unmeasured.ts";

/** A number with a unit that measurements have: a share, a factor, a time below a second. */
const figure =
  /\d[\d.,]*(?:\s?%|\s(?:µs|ns|ms|times|hundredths|tenths)\b|(?:\sof|\/)\s?\d[\d.,]*)/g;

/** Prose of a page, without code, generated tables, links, and figures that a comment traces to a file. */
function prose(page: string): string {
  return text(page)
    .replaceAll(/^```.*?^```$/gms, "")
    .replaceAll(/<!-- results of \S+ -->.*?<!-- end -->/gs, "")
    .replaceAll(/-?\d[\d.,]*<!-- [\w-]+#.+? -->/g, "(traced)")
    .replaceAll(/`[^`\n]*`/g, "(code)")
    .replaceAll(/\]\([^)]*\)/g, "]");
}

function check(script: string): string {
  return execFileSync(process.execPath, [join(root, "bench", script), "--check"], {
    encoding: "utf8",
  });
}

describe("measured figures", () => {
  test("are on every page what the result files say (else: npm --prefix bench run report)", () => {
    expect(() => check("report.js")).not.toThrow();
  });

  test("are in every chart what the result files say (else: npm --prefix bench run charts)", () => {
    expect(() => check("charts.js")).not.toThrow();
  });

  const written = pages().filter((page) => !/^docs\/(api\/|decision-table)/.test(page));
  test.each(written)("have a source wherever %s has one", (page) => {
    const known = unmeasured[page] ?? [];
    const lines = known
      .reduce((rest, phrase) => rest.replaceAll(phrase, ""), prose(page))
      .split("\n");
    const found = lines.flatMap((line) =>
      [...line.matchAll(figure)].map(({ index, 0: match }) =>
        line.slice(Math.max(index - 40, 0), index + match.length + 20),
      ),
    );
    expect(found, "mark it `<!-- file#path -->`, remove it, or list it as a setting").toEqual([]);
  });

  test("are not excused on pages that no longer have them", () => {
    const stale = Object.entries(unmeasured).flatMap(([page, phrases]) =>
      phrases.filter((phrase) => !prose(page).includes(phrase)).map((phrase) => [page, phrase]),
    );
    expect(stale).toEqual([]);
  });
});

describe("npm run bench", () => {
  test("runs every bench that a script of bench/package.json names", () => {
    const { scripts } = JSON.parse(text("bench/package.json")) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const { all: _all, report: _report, charts: _charts, ...named } = scripts;
    expect(named).toEqual(Object.fromEntries(benches.map((name) => [name, `node ${name}.js`])));
    expect(benches.filter((name) => !existsSync(join(root, "bench", `${name}.js`)))).toEqual([]);
  });
});
