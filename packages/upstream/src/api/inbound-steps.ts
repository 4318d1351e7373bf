import { OutboundSteps } from "@reissue/core";

import type { Inbound } from "../inbound.ts";

/** The steps of inbound requests that brought none along. */
const own = new WeakMap<Inbound, OutboundSteps>();

/** The steps of an inbound request; without those of an adapter, its calls have random keys. */
export function stepsOf(inbound: Inbound): Pick<OutboundSteps, "begin"> {
  if (inbound.steps !== undefined) return inbound.steps;
  let steps = own.get(inbound);
  if (steps === undefined) own.set(inbound, (steps = new OutboundSteps()));
  return steps;
}
