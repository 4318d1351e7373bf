// @ts-check
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

/** Collects all garbage, so that what one contender left is not paid for by the next. */
export const collectGarbage = /** @type {() => void} */ (runInNewContext("gc"));

/** How many bytes this process keeps alive in JavaScript's heap and in buffers. */
export async function heapBytes() {
  // What waits for a turn of the event loop, a finalizer or a close, is garbage only after it.
  for (let times = 0; times < 3; times += 1) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
