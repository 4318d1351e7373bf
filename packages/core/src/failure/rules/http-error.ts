import type { Failure } from "../failure.ts";
import { read, type ErrorInfo } from "../error-info.ts";
import { failureOf, failureSpecs } from "../failure-spec.ts";

/**
 * Failure of an error that is a response which the application has chosen: never a transport failure, whatever its code
 * or its cause; null for any other error. Such are the errors of http-errors (its `isHttpError`), and the `HttpException`
 * of NestJS and the `HTTPException` of Hono, which have a status and `getResponse()`.
 *
 * One such error is about a connection: body-parser and raw-body report with code ECONNABORTED that the inbound client
 * disconnected in the middle of its body.
 */
export function chosenResponse(info: ErrorInfo): Failure | null {
  const { error } = info;
  if (typeof read(error, "status") === "number" && typeof read(error, "getResponse") === "function")
    return failureOf(failureSpecs.unknown, null);
  const status = read(error, "statusCode");
  if (typeof status !== "number" || read(error, "status") !== status) return null;
  if (typeof read(error, "expose") !== "boolean") return null;
  const aborted = read(error, "type") === "request.aborted";
  return failureOf(
    aborted ? failureSpecs.aborted : failureSpecs.unknown,
    aborted ? info.code : null,
  );
}
