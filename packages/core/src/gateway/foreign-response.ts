import createError from "http-errors";

import { isObject, read } from "../failure/error-info.ts";
import { brandErrorResponse, withCause, type GatewayError } from "./error-response.ts";
import { areReceived } from "./received-headers.ts";

/** Codes of undici's errors about a status, whose `statusCode` and `headers` are the upstream's. */
const undiciCodes: readonly unknown[] = ["UND_ERR_RESPONSE", "UND_ERR_REQ_RETRY"];

/**
 * Properties that hold a client's response: the first of axios, superagent, Octokit, gaxios and Azure, the second of
 * Smithy's clients, the third of Stripe's. NestJS has its own response under the first name, without headers.
 */
const responseKeys = ["response", "$response", "raw"];

/**
 * Error to throw in place of one that carries an upstream's response: a plain 500, with the original as `cause`.
 *
 * Express, Koa and Fastify treat an error's `status` as the response that the application chose, and send its
 * `headers`: the 401 of an upstream would become ours, with its Set-Cookie, and with its Transfer-Encoding beside our
 * Content-Length. Where the application has made a response of the error, as http-errors does, its status stays and its
 * headers are dropped. Null for every other error, including an application's own with a status and headers: it is
 * passed on unchanged.
 */
export function foreignResponseError(error: unknown): GatewayError | null {
  const expose = read(error, "expose");
  // Made by the application: see http-errors' `isHttpError`.
  if (typeof expose === "boolean") {
    return areReceived(read(error, "headers")) ? withoutHeaders(error, expose) : null;
  }
  if (!carriesResponse(error)) return null;
  return brandErrorResponse(withCause(createError(500, { headers: {} }), error));
}

/**
 * Copies the application's own error without its headers. Unlike ours, it is not branded, and may be rendered in
 * another way.
 */
function withoutHeaders(error: unknown, expose: boolean): GatewayError {
  const status = statusOf(error) ?? 500;
  const message = read(error, "message");
  const shown = expose && typeof message === "string" ? [message] : [];
  const response = createError(isError(status) ? status : 500, ...shown, { expose, headers: {} });
  return withCause(response, error);
}

function isError(status: number): boolean {
  return Number.isInteger(status) && status >= 400 && status < 600;
}

/** Whether the status or the headers that a framework would read from an error are those of a received response. */
function carriesResponse(error: unknown): boolean {
  // Koa and Fastify send them without a status too.
  if (areReceived(read(error, "headers"))) return true;
  const status = statusOf(error);
  if (status === null) return false;
  if (undiciCodes.includes(read(error, "code"))) return true;
  if (statusIn(read(error, "$metadata"), "httpStatusCode") === status) return true;
  return responseKeys.some((name) => {
    const response = read(error, name);
    return isObject(read(response, "headers")) && statusOf(response) === status;
  });
}

/**
 * Status that a framework reads; a text under the first name, such as `"NOT_FOUND"`, does not hide a status under the
 * second.
 */
function statusOf(value: unknown): number | null {
  return statusIn(value, "status") ?? statusIn(value, "statusCode");
}

function statusIn(value: unknown, name: string): number | null {
  const status = read(value, name);
  return typeof status === "number" ? status : null;
}
