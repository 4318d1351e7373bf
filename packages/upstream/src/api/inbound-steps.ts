import { OutboundSteps } from "@reissue/core";

import type { OutboundContext } from "@reissue/core";

/** The steps of inbound requests that brought none along. */
const own = new WeakMap<OutboundContext, OutboundSteps>();

/** The steps of an inbound request; without those of an adapter, its calls have random keys. */
export function stepsOf(inbound: OutboundContext): Pick<OutboundSteps, "begin"> {
  if (inbound.steps !== undefined) return inbound.steps;
  let steps = own.get(inbound);
  if (steps === undefined) own.set(inbound, (steps = new OutboundSteps()));
  return steps;
}
