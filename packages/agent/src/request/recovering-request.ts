import type { AsyncResource } from "node:async_hooks";

import type { AttemptRecord, Failure } from "@reissue/core";
import type { RetryRequest } from "@reissue/core/internal";

import type { AgentOrigin } from "../origin/agent-origin.ts";
import type { WaitingRequest } from "../origin/waiting-requests.ts";
import type { NodeRequest, SocketCallback } from "../node-internals.ts";
import type { TrackedSocket } from "../socket/socket-state.ts";

/** A request as its recovery sees it. */
export interface RecoveringRequest extends RetryRequest {
  readonly node: NodeRequest;
  readonly origin: AgentOrigin;
  /** What its options give its agent; passed on with each call. */
  readonly options: Record<string, unknown>;
  /** When the first send began, in ms of the clock. */
  readonly startedAtMs: number;
  /** Whether it may only have a connection that no request ever used. */
  needsFresh: boolean;
  /** The context of the code that made it, where events may come in that of another. */
  readonly context: AsyncResource | null;
  /** What is known of its send on a socket. */
  failureOn(socket: TrackedSocket, error: Error): Failure;
  /** What is kept of its send; `socket` is null where it got none. */
  recordOf(sent: Sent, socket: TrackedSocket | null, failure: Failure, error: Error): AttemptRecord;
  /** Told that another send begins. */
  onSend(attempt: number): void;
  /** Writes what it has written so far on another socket. */
  replayOn(socket: TrackedSocket): void;
  /** Told that it is sent no more: those that wait for its writes hear of `error`. */
  giveUp(error: Error): void;
}

/** One send of a request. */
export interface Sent {
  /** 1 for the first. */
  readonly attempt: number;
  readonly startedAtMs: number;
}

/** What a recovery needs of its agent. */
export interface RecoveryHost {
  /** Opens a connection that takes the place of a dead one. */
  replace(dead: TrackedSocket, request: RecoveringRequest, callback: SocketCallback): void;
  /** Asks for a connection as a new request does. */
  enqueue(request: RecoveringRequest): void;
  /** Closes idle connections that have been idle at least as long as one that was dead. */
  closeIdleSince(sinceMs: number, origin: AgentOrigin): void;
  onBackOff(recovery: WaitingRequest): void;
  onBackOffEnd(recovery: WaitingRequest): void;
}
