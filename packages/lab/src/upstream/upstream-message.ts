import type { SpawnedFaultRule } from "@reissue/testing";
import type { SocketEvent } from "../sockets/socket-event.ts";

/** Order to the upstream's process. */
export type UpstreamOrder =
  | {
      readonly type: "open";
      readonly seed: number;
      readonly idleMs: number;
      readonly faults: readonly SpawnedFaultRule[];
    }
  /** Asks for what happened to a call on some connections. */
  | { readonly type: "trace"; readonly id: string; readonly ports: readonly number[] };

/** Message of the upstream's process. */
export type UpstreamMessage =
  | { readonly type: "opened"; readonly origin: string }
  /** Requests so far that were processed more than once, by their contender. */
  | { readonly type: "twice"; readonly counts: Readonly<Record<string, number>> }
  | {
      readonly type: "trace";
      readonly id: string;
      readonly events: readonly SocketEvent[];
      /** How often the request was processed. */
      readonly processed: number;
    };
