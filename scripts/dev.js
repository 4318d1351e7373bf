// `npm run dev`: compiles and bundles the packages again whenever a source changes.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { root, run } from "./run.js";

const tsc = join(root, "node_modules/.bin/tsc");
const watching = ["-b", "tsconfig.packages.json", "--watch", "--preserveWatchOutput"];
const compiler = spawn(tsc, watching, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
process.once("exit", () => compiler.kill());

for await (const line of createInterface({ input: compiler.stdout })) {
  console.log(line);
  if (!line.includes("Found 0 errors")) continue;
  const code = await run(["node", "scripts/bundle.js"]);
  console.log(code === 0 ? "Bundled." : "Not bundled.");
}
