/**
 * Makes a whole process survive the keep-alive race: `node --import @reissue/register server.js`, or as the first import
 * of an application.
 *
 * @packageDocumentation
 */
import { createRequire } from "node:module";

import type { Register } from "./register.ts";

/** Where every version of undici, built-in fetch's included, looks for the dispatcher that all calls go through. */
const slot = Symbol.for("undici.globalDispatcher.1");

// Read before anything is loaded: undici, and whatever touches fetch's classes, sets a dispatcher where there is none. So
// the rest is required and not imported, which would load it first.
const { [slot]: earlierDispatcher } = globalThis as { readonly [slot]?: unknown };

const { register } = createRequire(import.meta.url)("./register.cjs") as {
  readonly register: Register;
};

register(process.env, process.cwd(), earlierDispatcher);
