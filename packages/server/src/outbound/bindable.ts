import type { OutboundContext } from "@reissue/core";

/** An outbound client as adapters hold it. */
export interface Bindable<Bound> {
  bind(context: OutboundContext): Bound;
}
