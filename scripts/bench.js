// `npm run bench`: every bench in turn, beside its peers, and then the pages and charts from what they found; with
// `-- --quick` only that they work. `npm run bench -- --base main`: the working tree beside another commit. Takes what
// `npm test` has installed and built.
import { build, install, run } from "./run.js";

const args = process.argv.slice(2);
const node = process.execPath;
const isCompared = args.some((argument) => argument.startsWith("--base"));
const bench = [node, isCompared ? "bench/base.js" : "bench/all.js", ...args];

for (const command of [install, build, bench]) {
  const code = await run(command);
  if (code !== 0) process.exit(code);
}
