import type { ReissueAgent } from "../agent.ts";
import type { OutboundContext } from "@reissue/core";
import type { RandomKeys } from "../call/random-keys.ts";
import type { OwnOptions } from "./request/call-init.ts";

/** What goes with every request of a call. */
export interface CallContext {
  readonly agent: ReissueAgent;
  readonly inbound: OutboundContext | undefined;
  readonly own: OwnOptions;
  /** The same for what a redirect or a 421 has sent again. */
  readonly keys: RandomKeys;
}
