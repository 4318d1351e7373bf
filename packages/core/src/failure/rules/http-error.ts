import type { Failure } from "../failure.ts";
import { read, type ErrorInfo } from "../error-info.ts";
import { failureOf, failureSpecs } from "../failure-spec.ts";

/**
 * An answer that somebody has chosen already, as an error of http-errors' kind (its `isHttpError`): never a transport
 * failure, whatever its code or its cause; null for any other error.
 *
 * One of them is about a connection: body-parser and raw-body say with code ECONNABORTED that the inbound client left
 * in the middle of its body.
 */
export function chosenAnswer(link: ErrorInfo): Failure | null {
  const status = read(link.error, "statusCode");
  if (typeof status !== "number" || read(link.error, "status") !== status) return null;
  if (typeof read(link.error, "expose") !== "boolean") return null;
  const aborted = read(link.error, "type") === "request.aborted";
  return failureOf(
    aborted ? failureSpecs.aborted : failureSpecs.unknown,
    aborted ? link.code : null,
  );
}
