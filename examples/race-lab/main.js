// @ts-check
// `npm run demo`: an upstream that closes idle connections, four services that call it, the same load on each.
// --seconds 15 · --seed 1 · --serve keeps everything up instead, to be tried with curl
import { once } from "node:events";
import { parseArgs } from "node:util";

import { Laboratory } from "./laboratory.js";
import { measure } from "./measure.js";
import { notes } from "./notes.js";
import { table } from "./table.js";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "15" },
    seed: { type: "string", default: "1" },
    serve: { type: "boolean", default: false },
  },
});

const laboratory = new Laboratory();
const interrupt = new AbortController();
const { signal } = interrupt;
process.once("SIGINT", () => interrupt.abort(130));
process.once("SIGTERM", () => interrupt.abort(143));

try {
  if (values.serve) {
    await serve();
  } else {
    const plan = { seconds: Number(values.seconds), seed: Number(values.seed), signal };
    const { results, effects } = await measure(laboratory, plan);
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
