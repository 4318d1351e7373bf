// @ts-check
import { PlainPool } from "./plain-pool.js";

/** One attempt on `http.Agent`, which keeps a connection for as long as the upstream does. */
export class NoRetry extends PlainPool {
  constructor(/** @type {import("../client.js").Client} */ client) {
    super(client, Infinity);
  }

  next() {
    return null;
  }
}
