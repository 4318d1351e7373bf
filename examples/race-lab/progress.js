// @ts-check
import { stdout } from "node:process";

/**
 * Says how far a run has come: on a terminal in one line that is written over, elsewhere in a line for each fifth.
 *
 * @param {string} what
 * @param {number} total
 */
export function progress(what, total) {
  let done = 0;
  return () => {
    done += 1;
    const text = `${what}: ${Math.floor((100 * done) / total)} %`;
    if (stdout.isTTY) stdout.write(`\r${text}${done === total ? "\n" : ""}`);
    else if (Math.floor((5 * done) / total) > Math.floor((5 * (done - 1)) / total))
      console.log(text);
  };
}
