import type { Attributes } from "@opentelemetry/api";
import type { AttemptRecord, Decision } from "@reissue/core";

/** Attributes that say what is known of an attempt that did not succeed. */
export function failureAttributes({ failure, reused, idleMs }: AttemptRecord): Attributes {
  return {
    "reissue.phase": failure?.phase ?? "response",
    "reissue.delivery": failure?.delivery ?? "responded",
    ...(reused !== null && { "reissue.reused": reused }),
    ...(idleMs !== null && { "reissue.idle_seconds": idleMs / 1000 }),
  };
}

/** Attributes that say what followed such an attempt, and why. */
export function decisionAttributes({ action, reason }: Decision): Attributes {
  return { "reissue.decision": action, "reissue.reason": reason };
}
