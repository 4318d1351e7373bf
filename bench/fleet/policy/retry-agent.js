// @ts-check
import { PlainPool } from "./plain-pool.js";

/**
 * The defaults of undici 7's RetryHandler, and of the Client below it.
 *
 * @see lib/handler/retry-handler.js, lib/dispatcher/client.js of undici
 */
export const defaults = {
  maxRetries: 5,
  minTimeout: 500,
  maxTimeout: 30_000,
  timeoutFactor: 2,
  methods: ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"],
  statusCodes: [500, 502, 503, 504, 429],
  errorCodes: [
    "ECONNRESET",
    "ECONNREFUSED",
    "ENOTFOUND",
    "ENETDOWN",
    "ENETUNREACH",
    "EHOSTDOWN",
    "EHOSTUNREACH",
    "EPIPE",
    "UND_ERR_SOCKET",
  ],
};

const keepAliveTimeout = 4000;

/** Codes of undici for what can go wrong here. */
const codes = {
  refused: "ECONNREFUSED",
  reset: "UND_ERR_SOCKET",
  timeout: "UND_ERR_HEADERS_TIMEOUT",
};

/** undici's RetryAgent over its Agent, both with their defaults. */
export class RetryAgent extends PlainPool {
  constructor(/** @type {import("../client.js").Client} */ client) {
    super(client, keepAliveTimeout);
  }

  /**
   * @param {import("../call.js").Call} call
   * @param {import("../call.js").Outcome} outcome
   */
  next(call, outcome) {
    if (!defaults.methods.includes(call.method)) return null;
    const isListed =
      outcome.type === "response"
        ? defaults.statusCodes.includes(outcome.status)
        : defaults.errorCodes.includes(codes[outcome.type]);
    if (!isListed || call.attempts > defaults.maxRetries) return null;
    const delayMs = defaults.minTimeout * defaults.timeoutFactor ** (call.attempts - 1);
    return { delayMs: Math.min(delayMs, defaults.maxTimeout), fresh: false };
  }
}
