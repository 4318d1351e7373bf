import type { Failure } from "../failure/failure.ts";

/** Retry condition in Envoy's terms; a number is a response status. */
export type Condition =
  | "reset"
  | "connect-failure"
  | "refused-stream"
  | "timeout"
  | "gateway-error"
  | "rate-limited"
  | number;

/** Conditions under which a retry-safe request is resent by default. */
export const defaultConditions: readonly Condition[] = [
  "reset",
  "connect-failure",
  "refused-stream",
  "gateway-error",
  "rate-limited",
];

/** Condition that a failure meets; null for none. */
export function failureCondition(failure: Failure): Condition | null {
  switch (failure.kind) {
    case "reset":
    case "incomplete":
      return failure.phase === "connect" || failure.phase === "tls" ? "connect-failure" : "reset";
    case "timeout":
      return failure.phase === "connect" || failure.phase === "tls" || failure.phase === "dns"
        ? "connect-failure"
        : "timeout";
    case "dns":
    case "refused":
    case "unroutable":
    case "local":
    case "pool":
      return "connect-failure";
    case "refused-stream":
      return "refused-stream";
    case "certificate":
    case "tls":
    case "protocol":
    case "aborted":
    case "unknown":
      return null;
  }
}

/** Whether one of `conditions` covers a response with this status; 503 is `rate-limited` with Retry-After. */
export function statusListed(
  status: number,
  hasRetryAfter: boolean,
  conditions: readonly Condition[],
): boolean {
  if (conditions.includes(status)) return true;
  const rateLimited = status === 429 || (status === 503 && hasRetryAfter);
  if (rateLimited && conditions.includes("rate-limited")) return true;
  const gatewayError = status === 502 || status === 503 || status === 504;
  return gatewayError && conditions.includes("gateway-error");
}

/**
 * Whether the conditions of a route or a call are its opt-in: by naming any, its author says that a second processing
 * does no harm, whatever the method.
 */
export function isOptIn(conditions: readonly Condition[]): boolean {
  return conditions.length > 0;
}
