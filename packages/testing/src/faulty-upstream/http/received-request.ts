import type { FaultName } from "../faults/fault.ts";
import type { HeaderPair } from "./request-head.ts";

/** A request that the faulty upstream received; plain data, filled in as it arrives. */
export interface ReceivedRequest {
  /** 1-based, over all connections, in the order in which the heads arrived. */
  readonly number: number;
  /** Its `x-request-id`, else `anonymous-<number>`. */
  readonly id: string;
  readonly method: string;
  /** The request target as sent, query included. */
  readonly path: string;
  /** Headers as pairs, in the order and case in which they were sent. */
  readonly headers: readonly HeaderPair[];
  /** The 1-based number of its connection, in the order of acceptance. */
  readonly connection: number;
  /** Its 1-based place on that connection: above 1, the connection was reused. */
  readonly nth: number;
  /** When its head arrived: `performance.now()` of the upstream's process, in milliseconds. */
  readonly at: number;
  /** The number of content bytes that arrived, without framing. */
  readonly bodyBytes: number;
  /** SHA-256 of the content in hex, of the empty string when there was none; null until the body is complete. */
  readonly bodySha256: string | null;
  /** The content; null until it is complete, and when it is larger than `keepBodyBytes`. */
  readonly body: Buffer | null;
  /** Whether the whole body arrived. */
  readonly whole: boolean;
  /** Whether its side effect was committed. */
  readonly processed: boolean;
  /** Whether its Idempotency-Key had been processed before, so that there was no second side effect. */
  readonly deduplicated: boolean;
  /** The fault that was applied; null for none. */
  readonly fault: FaultName | null;
}
