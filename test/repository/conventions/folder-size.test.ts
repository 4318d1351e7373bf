import { readdirSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");

/** Most files in a folder that a reader takes in at a glance. */
const most = 12;

test.each([
  ["test", () => true],
  ["packages", (path: string) => /\/src\//.test(path) && !/\.test(-d|\.fixture)?\.ts$/.test(path)],
])(
  "no folder below %s has more than twelve files, apart from tests beside their sources",
  (top, counts) => {
    const sizes = new Map<string, number>();
    for (const entry of readdirSync(join(root, top), { recursive: true, withFileTypes: true })) {
      const folder = entry.parentPath.slice(root.length + 1);
      if (!entry.isFile() || folder.includes("node_modules")) continue;
      if (counts(`${folder}/${entry.name}`)) sizes.set(folder, (sizes.get(folder) ?? 0) + 1);
    }
    expect(sizes.size).toBeGreaterThan(20);
    expect([...sizes].filter(([, size]) => size > most)).toEqual([]);
  },
);
