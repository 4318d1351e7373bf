import { validateHeaderName, validateHeaderValue } from "node:http";

import createError from "http-errors";

import { isObject } from "../failure/error-info.ts";
import { brandErrorResponse, withCause, type GatewayError } from "./error-response.ts";

/** Properties of an error that frameworks read. */
const fields = ["status", "statusCode", "headers", "code", "expose", "message", "stack"];

/**
 * Error to throw in place of a value that no framework can read: a plain 500, with the original as `cause`.
 *
 * If a getter throws or `headers` cannot be sent, Express and Koa fail outside any handler, which ends the process or
 * leaves the request without a response, and Fastify may respond with 200. Null for every other value, an error or not:
 * frameworks treat a string or a plain object differently, and the application may rely on it.
 */
export function unreadableError(error: unknown): GatewayError | null {
  return isReadable(error) ? null : unanswerableError(error);
}

/** A plain 500 in place of a value that a framework cannot respond to, with the value as `cause`. */
export function unanswerableError(error: unknown): GatewayError {
  return brandErrorResponse(withCause(createError(500, { headers: {} }), error));
}

function isReadable(error: unknown): boolean {
  if (!isObject(error)) return true;
  try {
    for (const name of fields) Reflect.get(error, name);
    // Koa and Fastify test this, and a proxy may throw.
    void (error instanceof Error);
    checkHeaders(Reflect.get(error, "headers"));
    return true;
  } catch {
    return false;
  }
}

/** @throws TypeError where a name or a value has a character that no header may have. */
function checkHeaders(headers: unknown): void {
  if (!isObject(headers)) return;
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name);
    // Koa sends undefined as that word.
    if (value !== undefined) validateHeaderValue(name, String(value));
  }
}
