// @ts-check
// `npm run demo`: an upstream that closes idle connections, four services that call it, the same load on each.
import { once } from "node:events";

import { runLab } from "@reissue/lab";

import { readArguments } from "./arguments.js";
import { Laboratory, preloaded, ways } from "./laboratory.js";
import { measure } from "./measure.js";
import { notes, registerNotes } from "./notes.js";
import { table } from "./table.js";

const { seconds, seed, port, serve: serving, register } = readArguments(process.argv.slice(2));
const interrupt = new AbortController();
const { signal } = interrupt;
process.once("SIGINT", () => interrupt.abort(130));
process.once("SIGTERM", () => interrupt.abort(143));
process.once("SIGHUP", () => interrupt.abort(129));

/** @type {{ close(): Promise<void> }[]} */
const opened = [];
try {
  if (serving) await serve();
  else if (register) await showRegister();
  else await show();
} catch (error) {
  if (!signal.aborted) throw error;
  process.exitCode = signal.reason;
} finally {
  for (const laboratory of opened) await laboratory.close();
}

async function show() {
  const plan = { seconds, seed, signal, losesResponses: true };
  const { results, effects } = await measure(open(ways), plan);
  console.log(`\n${table(results, effects)}\n\n${notes(results, effects)}`);
}

/** First without, then with `--import @reissue/register`: all at once they would wait for each other. */
async function showRegister() {
  /** @type {import("./measure.js").Result[]} */
  const all = [];
  /** @type {Map<string, number>} */
  const effects = new Map();
  for (const clients of preloaded) {
    const laboratory = open(clients);
    const measured = await measure(laboratory, { seconds, seed, signal, losesResponses: false });
    await laboratory.close();
    all.push(...measured.results);
    for (const [id, count] of measured.effects) effects.set(id, count);
  }
  console.log(`\n${table(all, effects)}\n\n${registerNotes(all, effects)}`);
}

/** @param {readonly import("./laboratory.js").Client[]} clients */
function open(clients) {
  const laboratory = new Laboratory(clients);
  opened.push(laboratory);
  return laboratory;
}

/** The laboratory in a browser, until a signal ends it. */
async function serve() {
  const lab = await runLab({ port });
  opened.push(lab);
  console.log(`The race, live: ${lab.url}\n\nCtrl-C ends everything.`);
  if (!signal.aborted) await once(signal, "abort");
}
