import type { Failure } from "./failure.ts";
import { isObject, read, type ErrorInfo } from "./error-info.ts";
import { failureOf } from "./failure-spec.ts";

/**
 * What the error around a failure adds to it: whether the response had begun, whether the caller was given it, and
 * whether other attempts came before.
 */
export function throughWrapper(link: ErrorInfo, failure: Failure): Failure {
  // An answer, or an attempt before the last, that nobody can see from here.
  if (failure.delivery === "unsent" && (isOfBody(link) || hasBeenRetried(link.error))) {
    return throughWrapper(link, { ...failure, delivery: "unknown" });
  }
  if (isFetchError(link, "fetch failed") && failure.delivery === "delivered") {
    // fetch rejects with this before it has returned a Response, whatever part of it had come.
    return { ...failure, delivery: "unknown" };
  }
  return isOfBody(link) ? inBody(failure) : failure;
}

/** Whether a client has put a failure of the body into this error. */
function isOfBody(link: ErrorInfo): boolean {
  return (
    isFetchError(link, "terminated") ||
    // got, and node-fetch after it has returned a Response
    link.names.includes("ReadError") ||
    link.message.startsWith("Invalid response body while trying to fetch ") ||
    // axios and got keep the response that they had begun to read.
    isObject(read(link.error, "response"))
  );
}

function isFetchError(link: ErrorInfo, message: string): boolean {
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

/** Where clients that resend by themselves count it: the AWS SDK the attempts, the others the resends. */
const counters: readonly (readonly [path: readonly string[], first: number])[] = [
  [["$metadata", "attempts"], 1],
  [["request", "retryCount"], 0], // got
  [["config", "axios-retry", "retryCount"], 0],
  [["config", "retryConfig", "currentRetryAttempt"], 0], // gaxios
  [["retries"], 0], // superagent
];

/** Whether the failure is only that of the last of several attempts, of which an earlier one may have been processed. */
function hasBeenRetried(error: object): boolean {
  return counters.some(([path, first]) => {
    const count = path.reduce<unknown>(read, error);
    return typeof count === "number" && count > first;
  });
}
