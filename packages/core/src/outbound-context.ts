import type { Condition } from "./retry/condition.ts";
import type { OutboundSteps } from "./steps/outbound-steps.ts";

/** Context that an outbound call inherits from the inbound request that it is made for. */
export interface OutboundContext {
  /** Aborts when the inbound client disconnects; safe calls are aborted with it, unsafe ones run to their end. */
  readonly signal?: AbortSignal | undefined;
  /** Deadline of the inbound request, an instant of the client's clock, in ms. */
  readonly deadlineMs?: number | undefined;
  /** Conditions under which outbound calls of the inbound route may be resent. */
  readonly retryOn?: readonly Condition[] | undefined;
  /**
   * Idempotency-Key of the inbound request, as it was sent and found well-formed, for origins that it is forwarded to.
   */
  readonly inboundKey?: string | undefined;
  /** Steps of the unsafe calls to origins that derive keys; without them, the keys are random. */
  readonly steps?: Pick<OutboundSteps, "begin"> | undefined;
}
