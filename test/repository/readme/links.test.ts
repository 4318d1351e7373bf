import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

import { expect, test } from "vitest";

import { anchors, pages, root, snippets, text } from "./markdown.ts";

test.each(pages())("every link of %s leads somewhere", (page) => {
  const prose = text(page).replaceAll(/^```.*?^```$/gms, "");
  for (const [, target = ""] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    const [file = "", anchor] = target.split("#");
    const path = file === "" ? page : join(dirname(page), file);
    expect(existsSync(join(root, path)), `${page}: ${target}`).toBe(true);
    if (anchor !== undefined) expect(anchors(path), `${page}: ${target}`).toContain(anchor);
  }
});

test("README.md is short, and shows working code at once", () => {
  const lines = text("README.md").split("\n");
  expect(lines.length).toBeLessThanOrEqual(200);
  const end = lines.indexOf("```", lines.indexOf("```js"));
  expect(end).toBeLessThan(30);
  expect(lines.slice(0, 30).join("\n")).toContain(snippets("README.md")[0]);
});

test("the example is the snippet", () => {
  const example = text("examples/express-minimal/main.js");
  expect(example).toBe(`// @ts-check\n${snippets("README.md")[0]}`);
});
