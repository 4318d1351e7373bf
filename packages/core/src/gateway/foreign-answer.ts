import createError from "http-errors";

import { isObject, read } from "../failure/link.ts";
import { withCause, type GatewayError } from "./gateway-error.ts";
import { ownAnswer } from "./own-answer.ts";

/** undici's errors of a status, whose `statusCode` and `headers` are the upstream's. */
const undiciCodes: readonly unknown[] = ["UND_ERR_RESPONSE", "UND_ERR_REQ_RETRY"];

/**
 * The error to throw in the place of one that carries an upstream's answer: a plain 500, with the original as `cause`.
 *
 * Express, Koa and Fastify take an error's `status` for the answer that the application chose, and Express and Koa its
 * `headers`: the 401 of an upstream would become ours, and its Set-Cookie with it. Null for every other error, an
 * application's own with a status included: it goes on as it is.
 */
export function foreignAnswerError(error: unknown): GatewayError | null {
  if (!carriesAnswer(error)) return null;
  return ownAnswer(withCause(createError(500, { headers: {} }), error));
}

/** Whether the status that a framework would read off an error is that of a response which the error carries. */
function carriesAnswer(error: unknown): boolean {
  // Chosen by the application: see http-errors' `isHttpError`.
  if (typeof read(error, "expose") === "boolean") return false;
  const status = statusOf(error);
  if (status === null) return false;
  if (undiciCodes.includes(read(error, "code"))) return true;
  // axios, superagent, Octokit, gaxios, Azure; NestJS keeps an answer of its own there, which has no headers.
  const response = read(error, "response");
  return isObject(read(response, "headers")) && statusOf(response) === status;
}

function statusOf(value: unknown): number | null {
  const status = read(value, "status") ?? read(value, "statusCode");
  return typeof status === "number" ? status : null;
}
