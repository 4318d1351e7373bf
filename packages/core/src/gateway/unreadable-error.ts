import { validateHeaderName, validateHeaderValue } from "node:http";

import createError from "http-errors";

import { isObject } from "../failure/link.ts";
import { withCause, type GatewayError } from "./gateway-error.ts";
import { ownAnswer } from "./own-answer.ts";

/** What frameworks read of an error. */
const fields = ["status", "statusCode", "headers", "code", "expose", "message", "stack"];

/**
 * The error to throw in the place of one that a framework cannot answer: a plain 500, with the original as `cause`.
 *
 * Express takes null for no error at all, Koa leaves its request without an answer, as it does with a frozen error, on
 * which it sets a status, or with one whose getters throw; Fastify may answer a string with 200; and all of them fail
 * outside any handler, which ends the process, at `headers` that cannot be sent. Null for what they can read.
 */
export function unreadableError(error: unknown): GatewayError | null {
  if (isReadable(error)) return null;
  return ownAnswer(withCause(createError(500, { headers: {} }), error));
}

function isReadable(error: unknown): boolean {
  if (!isObject(error)) return false;
  try {
    for (const name of fields) Reflect.get(error, name);
    checkHeaders(Reflect.get(error, "headers"));
    return !Object.isFrozen(error);
  } catch {
    return false;
  }
}

/** @throws TypeError where a name or a value has a character that no header may have. */
function checkHeaders(headers: unknown): void {
  if (!isObject(headers)) return;
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name);
    // Koa sends what is undefined as that word.
    if (value !== undefined) validateHeaderValue(name, String(value));
  }
}
