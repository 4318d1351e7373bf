import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** File of the page, in memory. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
}

/**
 * Reads the files of the page, by the paths under which they are served. A path that is not among them does not exist,
 * so that none can lead out of the package.
 *
 * This module lies in the package's `src`, `build` or `dist`, whose neighbours are `page` and `dist`.
 */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const own = fileURLToPath(new URL("..", import.meta.url));
  const uPlot = dirname(createRequire(import.meta.url).resolve("uplot"));
  const html = "text/html; charset=utf-8";
  const css = "text/css; charset=utf-8";
  const script = "text/javascript; charset=utf-8";
  const file = (type: string, path: string): PageFile => ({ type, bytes: readFileSync(path) });
  return new Map([
    ["/", file(html, join(own, "page/index.html"))],
    ["/lab.css", file(css, join(own, "page/lab.css"))],
    ["/icon.svg", file("image/svg+xml", join(own, "page/icon.svg"))],
    ["/page.js", file(script, join(own, "dist/page.js"))],
    ["/uplot.js", file(script, join(uPlot, "uPlot.esm.js"))],
    ["/uplot.css", file(css, join(uPlot, "uPlot.min.css"))],
  ]);
}
