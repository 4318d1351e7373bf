// `npm run bench`: every bench in turn, beside its peers. `npm run bench -- --base main`: the working tree beside another
// commit. Takes what `npm test` has installed and built.
import { build, install, run } from "./run.js";

const args = process.argv.slice(2);
const node = process.execPath;
const isCompared = args.some((argument) => argument.startsWith("--base"));
const commands = isCompared
  ? [[node, "bench/base.js", ...args]]
  : [["npm", "--prefix", "bench", "run", "all"]];

for (const command of [install, build, ...commands]) {
  const code = await run(command);
  if (code !== 0) process.exit(code);
}
