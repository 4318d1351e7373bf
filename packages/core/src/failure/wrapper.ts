import type { Failure } from "./failure.ts";
import { isObject, read, type ErrorInfo } from "./error-info.ts";
import { failureOf } from "./failure-spec.ts";

/**
 * Adds what the error around a failure says: whether the response had begun, whether the caller was given it, and
 * whether there were earlier attempts.
 */
export function throughWrapper(info: ErrorInfo, failure: Failure): Failure {
  // A response, or an attempt before the last, that is not visible here.
  if (failure.delivery === "unsent" && (isOfBody(info) || hasBeenRetried(info.error))) {
    return throughWrapper(info, { ...failure, delivery: "unknown" });
  }
  if (isFetchError(info, "fetch failed") && failure.delivery === "delivered") {
    // fetch rejects with this error before it returns a Response, whatever part of it has come.
    return { ...failure, delivery: "unknown" };
  }
  return isOfBody(info) ? inBody(failure) : failure;
}

/** Whether a client reports a failure of the body with this error. */
function isOfBody(info: ErrorInfo): boolean {
  return (
    isFetchError(info, "terminated") ||
    // got, and node-fetch after it has returned a Response
    info.names.includes("ReadError") ||
    info.message.startsWith("Invalid response body while trying to fetch ") ||
    // axios and got attach the response that they had begun to read.
    isObject(read(info.error, "response"))
  );
}

function isFetchError(info: ErrorInfo, message: string): boolean {
  return info.message === message && info.names.includes("TypeError");
}

/** Moves a failure to the phase in which the body was being read. */
function inBody(failure: Failure): Failure {
  const { kind, phase, code } = failure;
  if (phase !== "request" && phase !== "response-headers") return failure;
  if (kind === "reset") return failureOf({ kind: "incomplete", phase: "response-body" }, code);
  if (kind === "timeout" || kind === "protocol") {
    return failureOf({ kind, phase: "response-body" }, code);
  }
  return failure;
}

/** Counters of clients that resend themselves: the AWS SDK counts attempts, the others resends. */
const counters: readonly (readonly [path: readonly string[], first: number])[] = [
  [["$metadata", "attempts"], 1],
  [["request", "retryCount"], 0], // got
  [["config", "axios-retry", "retryCount"], 0],
  [["config", "retryConfig", "currentRetryAttempt"], 0], // gaxios
  [["retries"], 0], // superagent
];

/** Whether the failure is that of the last of several attempts, of which an earlier one may have been processed. */
function hasBeenRetried(error: object): boolean {
  return counters.some(([path, first]) => {
    const count = path.reduce<unknown>(read, error);
    return typeof count === "number" && count > first;
  });
}
