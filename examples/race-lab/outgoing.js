// @ts-check

/**
 * Adds the routes of one client to the service.
 *
 * @callback Install
 * @param {import("express").Express} app
 * @param {string} upstream - The upstream's origin.
 * @param {(path: string) => void} onResend - To be told of every resend.
 * @returns {void}
 */

/**
 * What every handler sends to the upstream: its caller's method, request id and key, and an order.
 *
 * @param {import("express").Request} req
 */
export function outgoing(req) {
  /** @type {Record<string, string>} */
  const headers = { "x-request-id": req.get("x-request-id") ?? "none" };
  const key = req.get("idempotency-key");
  if (key !== undefined) headers["idempotency-key"] = key;
  if (req.method === "GET") return { method: "GET", headers };
  headers["content-type"] = "application/json";
  return { method: req.method, headers, body: '{"item":42}' };
}
