import type { ReissueDispatcher } from "../dispatcher.ts";
import type { OutboundContext } from "@reissue/core";
import type { RandomKeys } from "../call/random-keys.ts";
import type { OwnOptions } from "./request/call-init.ts";

/** Context of every request of one call. */
export interface CallContext {
  readonly dispatcher: ReissueDispatcher;
  readonly inbound: OutboundContext | undefined;
  readonly own: OwnOptions;
  /** Shared by all requests of the call, including those after a redirect or a 421. */
  readonly keys: RandomKeys;
}
