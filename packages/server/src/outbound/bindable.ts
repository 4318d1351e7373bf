import type { OutboundContext } from "@reissue/core";

/** An outbound client that can be bound to a request. */
export interface Bindable<Bound> {
  bind(context: OutboundContext): Bound;
}
