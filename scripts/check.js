// `npm run check`: what is worth knowing before each commit, in half a minute: lint, types, and the tests without sockets.
import { build, run } from "./run.js";

const commands = [
  build,
  ["oxlint", "--deny-warnings"],
  ["oxfmt", "--check"],
  ["tsc", "-b"],
  ["node", "scripts/tarballs.js", "--check"],
  ["vitest", "run", "--project", "unit"],
];

for (const command of commands) {
  console.log(`\n=== ${command.join(" ")}`);
  const code = await run(command);
  if (code !== 0) process.exit(code);
}
