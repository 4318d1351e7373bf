import type { ContenderId } from "./contenders.ts";
import type { SocketEvent } from "../sockets/socket-event.ts";
import type { LabMethod } from "../settings/bounds.ts";

/** Decision of a client about a failed attempt, as it published it. */
export interface RaceDecision {
  /** Machine clock, in ms. */
  readonly atMs: number;
  readonly action: "resend" | "give-up";
  readonly reason: string;
  /** What is known of the request's fate. */
  readonly delivery: string;
  readonly delayMs: number;
  /** Whether the resend takes a connection that no request has used. */
  readonly isFresh: boolean;
}

/** Call that was sent more than once, or failed, as its client saw it. */
export interface RaceCall {
  readonly contender: ContenderId;
  /** Request id. */
  readonly id: string;
  readonly method: LabMethod;
  readonly keyed: boolean;
  /** Events of the sockets that carried the call, as far as they are kept. */
  readonly events: readonly SocketEvent[];
  /** Of Reissue only; the others publish none. */
  readonly decisions: readonly RaceDecision[];
  readonly endedAtMs: number;
  /** Status of the response; null for none. */
  readonly status: number | null;
  /** Code or message of the error that the caller got; null for a response. */
  readonly error: string | null;
}
