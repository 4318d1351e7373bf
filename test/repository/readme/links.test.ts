import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

import { expect, test } from "vitest";

import { anchors, blocks, packageNames, pages, root, snippets, text } from "./markdown.ts";

test.each(pages())("every link of %s leads to a page and a heading that exist", (page) => {
  const prose = text(page).replaceAll(/^```.*?^```$/gms, "");
  for (const [, target = ""] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    const own = /^https:\/\/github\.com\/reissue\/reissue\/(?:blob|tree)\/main\/(.+)$/.exec(
      target,
    )?.[1];
    if (own === undefined && /^https?:/.test(target)) continue;
    const [file = "", anchor] = (own ?? target).split("#");
    const inFolder = own === undefined ? dirname(page) : "";
    const path = file === "" ? page : join(inFolder, file);
    expect(existsSync(join(root, path)), `${page}: ${target}`).toBe(true);
    if (anchor !== undefined) expect(anchors(path), `${page}: ${target}`).toContain(anchor);
  }
});

test.each(pages().filter((page) => page.startsWith("packages/")))(
  "%s links by whole URLs, since npm shows it too",
  (page) => {
    const prose = text(page).replaceAll(/^```.*?^```$/gms, "");
    const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    expect(targets.filter((target) => !/^(https:|#)/.test(target))).toEqual([]);
  },
);

test("README.md is short, and shows working code at once", () => {
  const lines = text("README.md").split("\n");
  expect(lines.length).toBeLessThanOrEqual(200);
  const end = lines.indexOf("```", lines.indexOf("```js"));
  expect(end).toBeLessThan(30);
  expect(lines.slice(0, 30).join("\n")).toContain(snippets("README.md")[0]);
});

test("the example is identical to the snippet", () => {
  const example = text("examples/express-minimal/main.js");
  expect(example).toBe(`// @ts-check\n${snippets("README.md")[0]}`);
});

/** The pages that a page links to, as paths from the root. */
function linked(page: string): string[] {
  const targets = text(page).matchAll(/\]\(([^)\s#]+\.md)[^)]*\)/g);
  return [...targets].map(([, target = ""]) => join(dirname(page), target));
}

test("docs/README.md leads to every page of docs, directly or by its indexes", () => {
  const indexes = ["docs/README.md", "docs/api/README.md", "docs/quick-start/README.md"];
  const reached = new Set([...indexes, ...indexes.flatMap(linked)]);
  const all = pages().filter((page) => page.startsWith("docs/"));
  expect(all.filter((page) => !reached.has(page))).toEqual([]);
});

test("every picture of a page exists, and has a text that says what it shows", () => {
  const images = pages().flatMap((page) =>
    [...text(page).matchAll(/<img\s[^>]*>|!\[[^\]]*\]\([^)]*\)/g)].map(([image]) => ({
      page,
      image,
    })),
  );
  expect(images.length).toBeGreaterThan(0);
  for (const { page, image } of images) {
    const [, html, markdown] = /src="([^"]*)"|\]\(([^)]*)\)/.exec(image) ?? [];
    const path = join(dirname(page), html ?? markdown ?? "");
    expect(existsSync(join(root, path)), `${page}: ${path}`).toBe(true);
    const [, alt = ""] = /alt="([^"]*)"|^!\[([^\]]*)/.exec(image)?.filter(Boolean) ?? [];
    expect(alt.length, `the text of ${path}`).toBeGreaterThan(20);
  }
});

test("docs/architecture.md lists every package, its imports, and files that exist", () => {
  const page = text("docs/architecture.md");
  const rows = [...page.matchAll(/^\| `(?:@reissue\/)?([\w-]+)` *\|[^|]*\| ([^|]*?) *\|$/gm)];
  const said = rows.map(([, name, imports = ""]) => [name, imports.split(", ").toSorted()]);
  const actual = packageNames.map((folder) => {
    const manifest = JSON.parse(text(`packages/${folder}/package.json`)) as {
      readonly name: string;
      readonly dependencies?: Readonly<Record<string, string>>;
    };
    const imports = Object.keys(manifest.dependencies ?? {});
    const short = (name: string): string => name.replace("@reissue/", "");
    return [short(manifest.name), imports.map(short).toSorted()];
  });
  expect(Object.fromEntries(said)).toEqual(Object.fromEntries(actual));

  const places = blocks("docs/architecture.md").flatMap(({ code }) => [
    ...code.matchAll(/\["([a-z-]+)\/([\w./-]+)(?:<br\/>([\w-]+\.ts))?/g),
  ]);
  expect(places.length).toBeGreaterThan(10);
  for (const [, name, path = "", file = ""] of places)
    expect(existsSync(join(root, "packages", name!, "src", path, file)), path + file).toBe(true);
});
