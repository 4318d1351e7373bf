import type { Condition, OutboundSteps } from "@reissue/core";

/** What outbound calls take over from the request that they are made for; the shape that `upstream.bind` takes. */
export interface OutboundContext {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly retryOn: readonly Condition[];
  readonly inboundKey: string | undefined;
  readonly steps: OutboundSteps;
}

/** An outbound client as adapters hold it. */
export interface Bindable<Bound> {
  bind(context: OutboundContext): Bound;
}
