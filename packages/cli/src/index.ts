/**
 * The command line of Reissue, `npx reissue`, as a function: for wrappers and tests.
 *
 * @packageDocumentation
 */
export { run } from "./run.ts";
export type { Output, Terminal } from "./terminal/terminal.ts";
