import createError from "http-errors";

import { isObject, read } from "../failure/error-info.ts";
import { brandHttpAnswer, withCause, type GatewayError } from "./http-answer.ts";
import { areReceived } from "./received-headers.ts";

/** undici's errors of a status, whose `statusCode` and `headers` are the upstream's. */
const undiciCodes: readonly unknown[] = ["UND_ERR_RESPONSE", "UND_ERR_REQ_RETRY"];

/**
 * Where clients keep the answer: axios, superagent, Octokit, gaxios and Azure under the first name, Smithy's clients
 * under the second, Stripe's under the third. NestJS keeps one of its own under the first, which has no headers.
 */
const answers = ["response", "$response", "raw"];

/**
 * The error to throw in the place of one that carries an upstream's answer: a plain 500, with the original as `cause`.
 *
 * Express, Koa and Fastify take an error's `status` for the answer that the application chose, and its `headers`: the
 * 401 of an upstream would become ours, its Set-Cookie with it, and its Transfer-Encoding beside our Content-Length.
 * Where the application has made an answer of it, as http-errors does of any error, its status is kept and its headers are
 * not. Null for every other error, an application's own with a status and headers included: it goes on as it is.
 */
export function foreignResponseError(error: unknown): GatewayError | null {
  const expose = read(error, "expose");
  // Made by the application: see http-errors' `isHttpError`.
  if (typeof expose === "boolean") {
    return areReceived(read(error, "headers")) ? withoutHeaders(error, expose) : null;
  }
  if (!carriesAnswer(error)) return null;
  return brandHttpAnswer(withCause(createError(500, { headers: {} }), error));
}

/** The same answer of the application's: not one of ours, which may be rendered in another way. */
function withoutHeaders(error: unknown, expose: boolean): GatewayError {
  const status = statusOf(error) ?? 500;
  const message = read(error, "message");
  const shown = expose && typeof message === "string" ? [message] : [];
  const answer = createError(isError(status) ? status : 500, ...shown, { expose, headers: {} });
  return withCause(answer, error);
}

function isError(status: number): boolean {
  return Number.isInteger(status) && status >= 400 && status < 600;
}

/** Whether the status or the headers that a framework would read off an error are those of an answer that came in. */
function carriesAnswer(error: unknown): boolean {
  // Koa and Fastify send them without a status too.
  if (areReceived(read(error, "headers"))) return true;
  const status = statusOf(error);
  if (status === null) return false;
  if (undiciCodes.includes(read(error, "code"))) return true;
  if (statusIn(read(error, "$metadata"), "httpStatusCode") === status) return true;
  return answers.some((name) => {
    const answer = read(error, name);
    return isObject(read(answer, "headers")) && statusOf(answer) === status;
  });
}

/** The status that a framework reads; a text under the first name, such as `"NOT_FOUND"`, hides none under the second. */
function statusOf(value: unknown): number | null {
  return statusIn(value, "status") ?? statusIn(value, "statusCode");
}

function statusIn(value: unknown, name: string): number | null {
  const status = read(value, name);
  return typeof status === "number" ? status : null;
}
