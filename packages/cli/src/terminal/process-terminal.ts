import { exitCodes } from "../exit-code.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The terminal of this process. Its end, Ctrl-C and SIGTERM end the run, which closes what it has opened; a second one
 * ends the process at once.
 */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  const interrupt = new AbortController();
  process.once("SIGHUP", () => interrupt.abort(exitCodes.hungUp));
  process.once("SIGINT", () => interrupt.abort(exitCodes.interrupted));
  process.once("SIGTERM", () => interrupt.abort(exitCodes.terminated));
  // The reader of a pipe may leave early, as `head` does.
  for (const output of [stdout, stderr]) output.on("error", () => interrupt.abort(exitCodes.ok));
  return { stdin, stdout, stderr, env, signal: interrupt.signal };
}
