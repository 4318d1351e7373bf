// @ts-check
// Every bench in turn, and then the pages and charts from what they found: `npm run bench`. With --quick only that they
// work.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { benches } from "./benches.js";
import { quick } from "./run/quick.js";

const failed = [...benches, ...(quick ? [] : ["report", "charts"])].filter((name) => {
  console.error(`\n${name}`);
  const file = join(import.meta.dirname, `${name}.js`);
  const { status } = spawnSync(process.execPath, [file, ...process.argv.slice(2)], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  return status !== 0;
});
if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(", ")}`);
  process.exitCode = 1;
}
