// @ts-check
import { PlainPool } from "./plain-pool.js";

const maxRetries = 3;

/** The loop that many services have: whatever went wrong, and whatever the method, the same again at once, three times. */
export class NaiveRetry extends PlainPool {
  constructor(/** @type {import("../client.js").Client} */ client) {
    super(client, Infinity);
  }

  next(/** @type {import("../call.js").Call} */ call) {
    return call.attempts <= maxRetries ? { delayMs: 0, fresh: false } : null;
  }
}
