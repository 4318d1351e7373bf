import type { AsyncResource } from "node:async_hooks";

import {
  classify,
  isIdempotentMethod,
  type AttemptMessage,
  type AttemptRecord,
  type Failure,
  type RequestFacts,
  type RetryPolicy,
} from "@reissue/core";

import type { LogMemory } from "../log/log-memory.ts";
import { RequestLog, type LoggedWrite } from "../log/request-log.ts";
import type { ConnectOptions, NodeRequest, WriteCallback } from "../node-internals.ts";
import type { AgentOrigin, ConnectAttempt } from "../origin/agent-origin.ts";
import {
  stateOf,
  stateSlot,
  type SocketState,
  type SocketUser,
  type TrackedSocket,
} from "../socket/socket-state.ts";
import { traceEnd, beginAttempt } from "./attempt-trace.ts";
import { hasKey, hasKeyInHead } from "./idempotency-key.ts";
import { lookBeforeWriting } from "./look-before-writing.ts";
import { hangUp } from "./node-errors.ts";
import type { RecoveringRequest, RecoveryHost, Sent } from "./recovering-request.ts";
import { RequestRecovery } from "./recovery.ts";
import { sendEvidence } from "./send-evidence.ts";

/** Above so many bytes a request that waits for a socket is told to wait with the rest; Node's own mark. */
const highWaterMark = 65_536;

/** What holds for one request. */
export interface RequestTerms {
  readonly policy: RetryPolicy;
  /** Whether its owner said that a second processing does no harm. */
  readonly optedIn: boolean;
}

/** What a request needs of its agent. */
export interface RequestHost extends RecoveryHost {
  readonly logMemory: LogMemory;
  termsFor(request: NodeRequest, options: ConnectOptions): RequestTerms;
}

/** One request of node:http on its agent, from its first send to the first byte of its response. */
export class AgentRequest implements SocketUser, RecoveringRequest {
  readonly node: NodeRequest;
  readonly options: ConnectOptions;
  readonly origin: AgentOrigin;
  readonly startedAtMs: number;
  isPending = true;
  needsFresh = false;
  context: AsyncResource | null = null;
  /** When the present send was written, in ms of the clock; null before. */
  writtenAtMs: number | null = null;
  /** The same by the clock that counts only while the event loop waits. */
  #waitedAtMs = 0;
  readonly #host: RequestHost;
  readonly #isIdempotent: boolean;
  #keyed: boolean;
  #terms: RequestTerms | null = null;
  #log: RequestLog | null = null;
  #hasBegun = false;
  /** Whether a byte of the response has come, and no end of the connection was met since. */
  #hasStarted = false;
  #sentAtMs: number;
  #recovery: RequestRecovery | null = null;
  /** What subscribers of `reissue:attempt` were told of the present send; null when there are none. */
  #message: AttemptMessage | null;

  constructor(host: RequestHost, node: NodeRequest, options: ConnectOptions, origin: AgentOrigin) {
    this.#host = host;
    this.node = node;
    this.options = options;
    this.origin = origin;
    this.startedAtMs = origin.clock.now();
    this.#sentAtMs = this.startedAtMs;
    this.#isIdempotent = isIdempotentMethod(node.method);
    this.#keyed = !this.#isIdempotent && hasKey(node);
    origin.begin(this.startedAtMs);
    this.#message = beginAttempt(this, 1);
    if (this.#message !== null) node.once("close", () => this.#endTrace());
  }

  get isDestroyed(): boolean {
    return this.node.destroyed;
  }

  get policy(): RetryPolicy {
    return this.#resolvedTerms.policy;
  }

  get deadlineMs(): number {
    return this.startedAtMs + this.policy.totalTimeoutMs;
  }

  get facts(): RequestFacts {
    return {
      method: this.node.method,
      keyed: this.#keyed,
      optedIn: this.#resolvedTerms.optedIn,
      replayable: this.#log === null ? !this.#hasBegun : this.#log.isWhole,
    };
  }

  /** Whether a second processing does no harm, because its method, its key or its owner says so. */
  get isRetrySafe(): boolean {
    return this.#isIdempotent || this.#keyed || this.#resolvedTerms.optedIn;
  }

  /** Runs an action in the context of the code that made it, where the one at hand may be another request's. */
  inItsContext(action: () => void): void {
    if (this.context === null) action();
    else this.context.runInAsyncScope(action);
  }

  onConnected(): void {
    if (this.#hasBegun) this.#onSent();
  }

  onWrite(
    socket: TrackedSocket,
    data: string | Uint8Array,
    encoding: BufferEncoding | null | undefined,
    callback: WriteCallback | undefined,
  ): boolean {
    const state = socket[stateSlot];
    if (!this.#hasBegun) this.#begin(socket, data);
    const isSent = state.connected && !state.isHolding;
    if (isSent && !this.isRetrySafe) {
      this.#onSent();
      return state.node.write.call(socket, data, encoding, callback);
    }
    const log = (this.#log ??= new RequestLog(this.#host.logMemory));
    const logged = log.add(data, encoding, callback);
    if (state.isPlaceholder) return log.unsentBytes < highWaterMark;
    if (isSent) this.#onSent();
    if (logged === null) return state.node.write.call(socket, data, encoding, callback);
    if (state.isHolding) this.#callBackEarly(logged, log);
    const own = this.#callbackOn(state, logged, log);
    return state.node.write.call(socket, logged.data, encoding, own);
  }

  onFirstByte(): void {
    this.isPending = false;
    this.#hasStarted = true;
    this.#log?.drop();
  }

  onDeath(socket: TrackedSocket, error: Error | null): boolean {
    if (this.node.destroyed || socket[stateSlot].isPlaceholder) return false;
    if (this.isPending) return this.recovery.onDeath(socket, error);
    const isCut = this.#hasStarted && this.node.res?.complete !== true;
    this.#hasStarted = false;
    if (isCut) this.recovery.reportStarted(socket, error);
    return false;
  }

  onDestroy(socket: TrackedSocket, error: Error | undefined): void {
    const state = socket[stateSlot];
    if (!this.isPending) return;
    if (state.isPlaceholder) {
      this.recovery.onPlaceholderDestroyed(error);
      this.giveUp(error ?? hangUp());
      return;
    }
    if (error !== undefined && !this.node.destroyed) this.recovery.reportError(socket, error);
    if (!state.connected && state.attempt !== null) this.origin.onCancelled(state.attempt);
    this.giveUp(error ?? hangUp());
  }

  /** Told that no connection could be made for it, before it had a socket. */
  onConnectError(error: Error, attempt: ConnectAttempt): boolean {
    if (this.node.destroyed || !this.isPending) return false;
    return this.recovery.onConnectError(error, attempt);
  }

  /** What becomes of it after a failure. */
  get recovery(): RequestRecovery {
    return (this.#recovery ??= new RequestRecovery(this.#host, this));
  }

  failureOn(socket: TrackedSocket, error: Error): Failure {
    const { writtenAtMs: atMs } = this;
    const written = atMs === null ? null : { atMs, waitedMs: this.#waitedAtMs };
    return classify(error, sendEvidence(socket[stateSlot], written, this.isRetrySafe));
  }

  recordOf(
    { attempt, startedAtMs }: Sent,
    socket: TrackedSocket | null,
    failure: Failure | null,
    error: unknown,
  ): AttemptRecord {
    const { writtenAtMs } = this;
    const nowMs = this.origin.clock.now();
    const state = socket === null ? null : socket[stateSlot];
    const served = state === null ? 0 : state.served;
    const record: AttemptRecord = {
      attempt,
      startedAtMs,
      durationMs: nowMs - startedAtMs,
      reused: state === null || writtenAtMs === null ? null : served > 0,
      idleMs: served > 0 ? (writtenAtMs ?? nowMs) - state!.idleSinceMs : null,
      failure,
      status: this.node.res?.statusCode ?? null,
      error,
      repeats: 0,
    };
    this.#message = traceEnd(this.#message, record);
    return record;
  }

  onSend(attempt: number): void {
    this.writtenAtMs = null;
    this.#sentAtMs = this.origin.clock.now();
    this.#message = beginAttempt(this, attempt);
  }

  replayOn(socket: TrackedSocket): void {
    const state = socket[stateSlot];
    if (this.#log !== null) {
      this.#hold(socket);
      socket.cork();
      for (let write = this.#log.replay(); write !== null; write = write.next) {
        const callback = this.#callbackOn(state, write, this.#log);
        const chunks = write.copies ?? [write.data];
        for (const [index, chunk] of chunks.entries()) {
          const own = index === chunks.length - 1 ? callback : undefined;
          state.node.write.call(socket, chunk, write.encoding, own);
        }
      }
      socket.uncork();
      if (state.connected && !state.isHolding) this.#onSent();
    }
    if (this.node.outputData.length > 0) this.node._flush();
    socket.resume();
    if (!socket.writableNeedDrain) socket.emit("drain");
  }

  giveUp(error: Error): void {
    this.isPending = false;
    this.#log?.fail(error);
  }

  #endTrace(): void {
    if (this.#message === null) return;
    const sent = { attempt: this.#message.attempt, startedAtMs: this.#sentAtMs };
    const { socket } = this.node;
    this.recordOf(sent, stateOf(socket) === null ? null : (socket as TrackedSocket), null, null);
  }

  get #resolvedTerms(): RequestTerms {
    return (this.#terms ??= this.#host.termsFor(this.node, this.options));
  }

  /** What was set on the request since it came to its agent, or given as a list, shows only as it is written. */
  #begin(socket: TrackedSocket, data: string | Uint8Array): void {
    this.#hasBegun = true;
    if (this.#isIdempotent) return;
    this.#keyed ||= hasKeyInHead(data);
    if (!this.isRetrySafe) this.#terms = null;
    if (!socket[stateSlot].isPlaceholder) this.#hold(socket);
  }

  /** Lets the event loop turn before what must not be sent twice is written on a connection that has served before. */
  #hold(socket: TrackedSocket): void {
    const state = socket[stateSlot];
    if (!state.connected || state.served === 0 || this.isRetrySafe) return;
    state.hold(socket);
    lookBeforeWriting(socket, () => {
      if (state.isAbandoned) return;
      if (socket._httpMessage === this.node) this.#onSent();
      state.release(socket);
    });
  }

  /**
   * Calls back for a write that is held, as the kernel does for what it has not sent. A client that waits for this before
   * it ends its request (got) would otherwise end it after a quick response, and lose the connection.
   */
  #callBackEarly(logged: LoggedWrite, log: RequestLog): void {
    if (logged.callback === null || log.unsentBytes > highWaterMark) return;
    log.own(logged);
    process.nextTick(() => {
      const { callback } = logged;
      // The end of the request is told once it is sent.
      if (callback === null || this.node.writableEnded || !this.isPending) return;
      logged.callback = null;
      callback();
    });
  }

  /** Takes note that all that was written so far is being sent. */
  #onSent(): void {
    if (this.writtenAtMs === null) {
      this.writtenAtMs = this.origin.clock.now();
      this.#waitedAtMs = this.origin.waitedMs();
    }
    if (this.isRetrySafe) this.#log?.seal();
    else this.#log?.drop();
  }

  /** The callback of a logged write on one socket: called once, and not by a socket that the request has left. */
  #callbackOn(state: SocketState, logged: LoggedWrite, log: RequestLog): WriteCallback | undefined {
    if (logged.callback === null) return undefined;
    return (error) => {
      const { callback } = logged;
      if (callback === null || state.isAbandoned) return;
      // What becomes of the request is known once the socket is destroyed, which comes next.
      if (error != null && this.isPending && log.isWhole) return;
      logged.callback = null;
      this.inItsContext(() => callback(error));
    };
  }
}
