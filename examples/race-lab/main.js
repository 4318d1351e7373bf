// @ts-check
// `npm run demo`: an upstream that closes idle connections, four services that call it, the same load on each.
import { once } from "node:events";

import { readArguments } from "./arguments.js";
import { Laboratory } from "./laboratory.js";
import { measure } from "./measure.js";
import { notes } from "./notes.js";
import { table } from "./table.js";

const { seconds, seed, serve: serving } = readArguments(process.argv.slice(2));
const laboratory = new Laboratory();
const interrupt = new AbortController();
const { signal } = interrupt;
process.once("SIGINT", () => interrupt.abort(130));
process.once("SIGTERM", () => interrupt.abort(143));
process.once("SIGHUP", () => interrupt.abort(129));

try {
  if (serving) {
    await serve();
  } else {
    const { results, effects } = await measure(laboratory, { seconds, seed, signal });
    console.log(`\n${table(results, effects)}\n\n${notes(results, effects)}`);
  }
} catch (error) {
  if (!signal.aborted) throw error;
  process.exitCode = signal.reason;
} finally {
  await laboratory.close();
}

async function serve() {
  await laboratory.open({ faults: [{ fault: "reset", on: "reused", probability: 0.3 }] });
  console.log(
    "The upstream resets three of ten requests on a reused connection. Try each a few times:\n",
  );
  for (const { name, origin } of laboratory.services) {
    console.log(`curl -i ${origin}/read                         # ${name}`);
    console.log(`curl -i ${origin}/order -X POST`);
  }
  console.log("\nCtrl-C ends everything.");
  if (!signal.aborted) await once(signal, "abort");
}
