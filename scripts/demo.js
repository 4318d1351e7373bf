// `npm run demo`: from a bare clone, installs, builds and starts the race laboratory; its arguments go there.
import { readArguments } from "../examples/race-lab/arguments.js";
import { build, install, run } from "./run.js";

const lab = [process.execPath, "examples/race-lab/main.js", ...process.argv.slice(2)];
// Wrong ones end it here, not after an installation.
readArguments(process.argv.slice(2));

for (const command of [install, build]) {
  const code = await run(command);
  if (code !== 0) process.exit(code);
}
process.exitCode = await run(lab, { stdin: "inherit" });
