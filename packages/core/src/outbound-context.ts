import type { Condition } from "./retry/condition.ts";
import type { OutboundSteps } from "./steps/outbound-steps.ts";

/** What an outbound call takes over from the inbound request that it is made for. */
export interface OutboundContext {
  /** Aborts when the inbound client has left; safe calls are aborted with it, unsafe ones run to their end. */
  readonly signal?: AbortSignal | undefined;
  /** The inbound request's deadline, an instant of the client's clock, in ms. */
  readonly deadlineMs?: number | undefined;
  /** The conditions under which the inbound route's owner said that its outbound calls may be resent. */
  readonly retryOn?: readonly Condition[] | undefined;
  /** The inbound request's own Idempotency-Key, as it was sent and found well-formed, for origins it is forwarded to. */
  readonly inboundKey?: string | undefined;
  /** The steps of its unsafe calls to origins that derive keys; without them, the keys are random. */
  readonly steps?: Pick<OutboundSteps, "begin"> | undefined;
}
