import { find, required } from "../../scripts/debian.js";

/** Whether the tests of a program are to be passed over: it is missing, and nobody here could install it. */
export function absent(program: string): boolean {
  return find(program) === null && !required;
}
