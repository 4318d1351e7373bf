import { OutboundSteps, type OutboundContext } from "@reissue/core";

/** Steps of inbound contexts that have none of their own. */
const own = new WeakMap<OutboundContext, OutboundSteps>();

/** Returns the steps of an inbound request. Without steps from an adapter, its calls have random keys. */
export function stepsOf(inbound: OutboundContext): Pick<OutboundSteps, "begin"> {
  if (inbound.steps !== undefined) return inbound.steps;
  let steps = own.get(inbound);
  if (steps === undefined) own.set(inbound, (steps = new OutboundSteps()));
  return steps;
}
