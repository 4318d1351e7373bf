import { readFileSync } from "node:fs";

const query = "?raw";

/**
 * Has `import text from "./file?raw"` hold the text of a file, as Vite does, so that a package and a page of docs share one
 * file.
 *
 * @returns {import("rollup").Plugin}
 */
export function rawText() {
  return {
    name: "raw-text",
    async resolveId(source, importer) {
      if (!source.endsWith(query)) return null;
      const found = await this.resolve(source.slice(0, -query.length), importer, {
        skipSelf: true,
      });
      return found === null ? null : found.id + query;
    },
    load(id) {
      if (!id.endsWith(query)) return null;
      const path = id.slice(0, -query.length);
      this.addWatchFile(path);
      return `export default ${JSON.stringify(readFileSync(path, "utf8"))};`;
    },
  };
}
