/**
 * Makes a whole process survive the keep-alive race: `node --import @reissue/register server.js`, or as the first import
 * of an application.
 *
 * @packageDocumentation
 */
import { createRequire } from "node:module";

import type { Register } from "./register.ts";

/** Where undici, built-in fetch's included, looks for the dispatcher of all calls: 8.x in the second place, others in the first. */
const slots = [
  Symbol.for("undici.globalDispatcher.1"),
  Symbol.for("undici.globalDispatcher.2"),
] as const;

// Read before anything is loaded: undici, and whatever touches fetch's classes, sets a dispatcher where there is none. So
// the rest is required and not imported, which would load it first.
const earlierDispatcher = slots
  .map((slot) => (globalThis as { readonly [slot: symbol]: unknown })[slot])
  .find((dispatcher) => dispatcher !== undefined);

const { register } = createRequire(import.meta.url)("./register.cjs") as {
  readonly register: Register;
};

register(process.env, process.cwd(), earlierDispatcher);
