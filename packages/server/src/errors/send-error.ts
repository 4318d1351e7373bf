import { STATUS_CODES, type ServerResponse } from "node:http";

import type { GatewayError } from "@reissue/core";

import { problemDetails } from "./problem-details.ts";

/**
 * Sends an http-errors error with its own status, and any other value as a plain 500, also when reading the error or
 * setting its headers throws.
 *
 * @param asProblem - Whether to send `application/problem+json` instead of plain text.
 */
export function sendError(response: ServerResponse, error: unknown, asProblem: boolean): void {
  let body: string;
  const httpError = isHttpError(error) ? error : unknownError;
  try {
    body = prepare(response, httpError, asProblem);
  } catch {
    for (const name of Object.keys(httpError.headers ?? {})) response.removeHeader(name);
    body = prepare(response, unknownError, asProblem);
  }
  response.end(body);
}

/** Headers that describe the content of a response, and how it may be cached: RFC 9110 §8 and §10.2.2, RFC 9111. */
const ofContent = [
  "accept-ranges",
  "age",
  "cache-control",
  "content-digest",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-md5",
  "content-range",
  "content-type",
  "digest",
  "etag",
  "expires",
  "last-modified",
  "location",
  "repr-digest",
  "trailer",
  "transfer-encoding",
];

/** Removes headers that describe the content. Others, such as those of CORS and of security, hold for an error too. */
export function removeContentHeaders(response: ServerResponse): void {
  for (const name of ofContent) response.removeHeader(name);
}

/** Sets status and headers. @returns the body. */
function prepare(response: ServerResponse, error: GatewayError, asProblem: boolean): string {
  const { status, expose, message, headers } = error;
  const text = expose ? message : (STATUS_CODES[status] ?? "Error");
  const body = asProblem ? JSON.stringify(problemDetails(error)) : text;
  removeContentHeaders(response);
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  response.setHeader(
    "Content-Type",
    asProblem ? "application/problem+json" : "text/plain; charset=utf-8",
  );
  response.setHeader("Content-Length", Buffer.byteLength(body));
  response.statusCode = status;
  return body;
}

const unknownError: GatewayError = Object.assign(new Error("Internal Server Error"), {
  status: 500,
  statusCode: 500,
  expose: false,
  headers: {},
});

/** Whether http-errors' own `isHttpError` accepts a value: its status was chosen by Reissue or the application. */
function isHttpError(error: unknown): error is GatewayError {
  return (
    error instanceof Error &&
    "expose" in error &&
    typeof error.expose === "boolean" &&
    "status" in error &&
    "statusCode" in error &&
    typeof error.status === "number" &&
    error.status === error.statusCode &&
    STATUS_CODES[error.status] !== undefined
  );
}
