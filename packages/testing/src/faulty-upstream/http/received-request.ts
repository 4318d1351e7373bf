import type { FaultName } from "../faults/fault.ts";
import type { HeaderPair } from "./request-head.ts";

/** One request as the faulty upstream saw it; plain data, filled in as it arrives. */
export interface ReceivedRequest {
  /** 1-based, over all connections, in the order in which the heads arrived. */
  readonly number: number;
  /** Its `x-request-id`, else `anonymous-<number>`. */
  readonly id: string;
  readonly method: string;
  /** The request target as sent, query included. */
  readonly path: string;
  /** Raw pairs, in the order and case of the wire. */
  readonly headers: readonly HeaderPair[];
  /** The 1-based number of the connection it came on, in the order of acceptance. */
  readonly connection: number;
  /** Its 1-based place on that connection: above 1, the connection was reused. */
  readonly nth: number;
  /** When its head had arrived: `performance.now()` milliseconds of the upstream's process. */
  readonly at: number;
  /** Content bytes that arrived, framing excluded. */
  readonly bodyBytes: number;
  /** SHA-256 of the content in hex, of the empty string when there was none; null until the body is whole. */
  readonly bodySha256: string | null;
  /** The content; null until it is whole, and when it is larger than `keepBodyBytes`. */
  readonly body: Buffer | null;
  /** Whether the whole body arrived. */
  readonly whole: boolean;
  /** Whether its side effect was committed. */
  readonly processed: boolean;
  /** Whether its Idempotency-Key had been processed before, so that it was answered without a second side effect. */
  readonly deduplicated: boolean;
  /** The fault it met; null when it was served as it should be. */
  readonly fault: FaultName | null;
}
