import type { ReissueAgent } from "../agent.ts";
import type { Inbound } from "../inbound.ts";
import type { OwnOptions } from "./request/call-init.ts";

/** What goes with every request of a call. */
export interface CallContext {
  readonly agent: ReissueAgent;
  readonly inbound: Inbound | undefined;
  readonly own: OwnOptions;
}
