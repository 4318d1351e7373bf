import type { Failure } from "../failure.ts";
import { read, type ErrorInfo } from "../error-info.ts";
import { failureOf, failureSpecs } from "../failure-spec.ts";

/**
 * Failure of an error of http-errors' kind (its `isHttpError`), a response that the application has chosen: never a
 * transport failure, whatever its code or its cause; null for any other error.
 *
 * One such error is about a connection: body-parser and raw-body report with code ECONNABORTED that the inbound client
 * disconnected in the middle of its body.
 */
export function chosenResponse(info: ErrorInfo): Failure | null {
  const status = read(info.error, "statusCode");
  if (typeof status !== "number" || read(info.error, "status") !== status) return null;
  if (typeof read(info.error, "expose") !== "boolean") return null;
  const aborted = read(info.error, "type") === "request.aborted";
  return failureOf(
    aborted ? failureSpecs.aborted : failureSpecs.unknown,
    aborted ? info.code : null,
  );
}
