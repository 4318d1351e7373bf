import type { Failure } from "./failure.ts";
import { isObject, read, type Link } from "./link.ts";
import { failureOf } from "./shape.ts";

/** What the error around a failure adds to it: whether the response had begun, and whether the caller was given it. */
export function throughWrapper(link: Link, failure: Failure): Failure {
  if (isFetchError(link, "fetch failed") && failure.delivery === "delivered") {
    // fetch rejects with this before it has returned a Response, whatever part of it had come.
    return { ...failure, delivery: "unknown" };
  }
  return isOfBody(link) ? inBody(failure) : failure;
}

/** Whether a client has put a failure of the body into this error. */
function isOfBody(link: Link): boolean {
  return (
    isFetchError(link, "terminated") ||
    // got, and node-fetch after it has returned a Response
    link.names.includes("ReadError") ||
    link.message.startsWith("Invalid response body while trying to fetch ") ||
    // axios and got keep the response that they had begun to read.
    isObject(read(link.error, "response"))
  );
}

function isFetchError(link: Link, message: string): boolean {
  return link.message === message && link.names.includes("TypeError");
}

/** The same failure, while the body was being read. */
function inBody(failure: Failure): Failure {
  const { kind, phase, code } = failure;
  if (phase !== "request" && phase !== "response-headers") return failure;
  if (kind === "reset") return failureOf({ kind: "incomplete", phase: "response-body" }, code);
  if (kind === "timeout" || kind === "protocol") {
    return failureOf({ kind, phase: "response-body" }, code);
  }
  return failure;
}
