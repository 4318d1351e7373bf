import { STATUS_CODES, type ServerResponse } from "node:http";

import type { GatewayError } from "@reissue/core";

import { problemDetails } from "./problem-details.ts";

/**
 * Answers a request of node:http with an error: one of http-errors' kind as it says, anything else as 500, be it that
 * it cannot be read or that its headers cannot be sent.
 *
 * @param asProblem - As `application/problem+json`, else as plain text.
 */
export function sendError(response: ServerResponse, error: unknown, asProblem: boolean): void {
  let body: string;
  const answer = isAnswer(error) ? error : unknownError;
  try {
    body = prepare(response, answer, asProblem);
  } catch {
    for (const name of Object.keys(answer.headers ?? {})) response.removeHeader(name);
    body = prepare(response, unknownError, asProblem);
  }
  response.end(body);
}

/** Headers that describe the content that was to be sent, and how it may be cached: RFC 9110 §8 and §10.2.2, RFC 9111. */
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

/**
 * Removes what describes the content that was to be sent; others, such as those of CORS and of security, hold for the error
 * that is sent in its place too.
 */
export function removeContentHeaders(response: ServerResponse): void {
  for (const name of ofContent) response.removeHeader(name);
}

/** Sets everything but the body, and gives that back. */
function prepare(response: ServerResponse, answer: GatewayError, asProblem: boolean): string {
  const { status, expose, message, headers } = answer;
  const text = expose ? message : (STATUS_CODES[status] ?? "Error");
  const body = asProblem ? JSON.stringify(problemDetails(answer)) : text;
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

/** Whether an error is of http-errors' kind (its `isHttpError`), so that its status was chosen by us or the application. */
function isAnswer(error: unknown): error is GatewayError {
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
