import { AsyncResource } from "node:async_hooks";
import type { Socket } from "node:net";

import {
  classify,
  type Decision,
  type Failure,
  type GiveUpReason,
  type Timer,
} from "@reissue/core";
import { RetryHistory } from "@reissue/core/internal";

import type { Listener, NodeRequest } from "../node-internals.ts";
import type { ConnectAttempt } from "../origin/agent-origin.ts";
import type { WaitingRequest } from "../origin/waiting-requests.ts";
import { stateOf, stateSlot, type TrackedSocket } from "../socket/socket-state.ts";
import { track } from "../socket/track.ts";
import { canMove, moveRequest } from "./move-request.ts";
import { copyOf, hangUp } from "./node-errors.ts";
import { placeholderFor } from "./placeholder.ts";
import type { RecoveringRequest, RecoveryHost } from "./recovering-request.ts";
import { putReport, putReportOnNextError, type RequestReport } from "./request-report.ts";

type Resend = Decision & { readonly action: "resend" };

/** What becomes of a request after a failure: decides, waits, and sends it again. Made only once something went wrong. */
export class RequestRecovery implements WaitingRequest {
  bagIndex = -1;
  readonly #host: RecoveryHost;
  readonly #request: RecoveringRequest;
  readonly #context: AsyncResource;
  readonly #history = new RetryHistory(false);
  /** What the request is on while it has no socket; null while it has one. */
  #placeholder: TrackedSocket | null = null;
  #timer: Timer | null = null;
  #lastError: Error | null = null;

  constructor(host: RecoveryHost, request: RecoveringRequest) {
    this.#host = host;
    this.#request = request;
    this.#context = request.context ?? new AsyncResource("reissue.request");
    this.#history.begin(request.startedAtMs);
  }

  /** @returns whether the request is sent again; if not, Node is told of the death. */
  onDeath(socket: TrackedSocket, error: Error | null): boolean {
    const { node } = this.#request;
    const state = socket[stateSlot];
    const reason = error ?? hangUp();
    const failure = this.#request.failureOn(socket, reason);
    this.#add(socket, failure, reason);
    this.#learn(socket, failure, reason);
    if (!canMove(node, socket)) {
      this.#publishGiveUp("unsupported", failure);
      return this.#giveUp("unsupported", failure, error);
    }
    const decision = this.#decide(failure);
    if (decision.action === "give-up") return this.#giveUp(decision.reason, failure, error);
    const placeholder = placeholderFor(this.#request.origin);
    this.#placeholder = placeholder;
    moveRequest(node, socket, placeholder);
    state.isAbandoned = true;
    this.#context.runInAsyncScope(() => this.#resend(decision, socket));
    state.discard(socket);
    return true;
  }

  /** @returns whether the request, which no connection could be made for, is tried again; if not, Node is told. */
  onConnectError(error: Error, attempt: ConnectAttempt | null): boolean {
    const failure = classify(error, { written: false });
    this.#add(null, failure, error);
    if (attempt !== null) this.#request.origin.onConnectFailed(attempt, failure, error);
    const decision = this.#decide(failure);
    if (decision.action === "give-up") return this.#giveUp(decision.reason, failure, error);
    this.#wait(decision);
    return true;
  }

  /** Waits until another request has found out whether the upstream is back, within the window of unsent resends. */
  waitForProbe(): void {
    const { origin, policy } = this.#request;
    this.#standIn();
    origin.waiting.add(this);
    this.#after(policy.unsentWindowMs, () => {
      const { error } = origin.breaker;
      if (error instanceof Error) this.refuse(error);
      else this.resume();
    });
  }

  resume(): void {
    this.#endWait();
    this.#context.runInAsyncScope(() => this.#enqueue());
  }

  refuse(error: Error): void {
    this.#endWait();
    const own = copyOf(error);
    this.#context.runInAsyncScope(() => {
      if (!this.onConnectError(own, null)) this.#placeholder?.destroy(own);
    });
  }

  cancel(): void {
    const error = this.#lastError ?? undefined;
    this.onPlaceholderDestroyed(error);
    this.#request.giveUp(error ?? hangUp());
    const placeholder = this.#placeholder;
    placeholder?.[stateSlot].node.destroy.call(placeholder, error);
  }

  /** Told that the request is destroyed while it is on no socket, by its client or with its agent. */
  onPlaceholderDestroyed(error: Error | undefined): void {
    this.#endWait();
    const report = this.#report("aborted", this.#history.delivery ?? "unsent");
    if (error === undefined) putReportOnNextError(this.#request.node, report);
    else if (error === this.#lastError) putReport(error, report);
  }

  /** Says on the error that Node is about to tell why the request, whose response has begun, is not sent again. */
  reportStarted(socket: TrackedSocket, error: Error | null): void {
    const { node } = this.#request;
    const isDelivered = node.res != null;
    const reason = error ?? hangUp();
    const evidence = { written: true, responseStarted: true, delivered: isDelivered };
    const failure = classify(reason, evidence);
    this.#add(socket, failure, reason);
    this.#publishGiveUp("response-started", failure);
    const report = this.#report("response-started", failure.delivery);
    if (error !== null) putReport(error, report);
    else if (!isDelivered) putReportOnNextError(node, report);
  }

  /** Says on an error of the socket's own, such as a bad certificate, what is known of the request. */
  reportError(socket: TrackedSocket, error: Error): void {
    const failure = this.#request.failureOn(socket, error);
    if (failure.kind === "unknown") return;
    this.#add(socket, failure, error);
    this.#learn(socket, failure, error);
    const reason = this.#history.giveUp({ type: "failure", failure }, this.#request);
    putReport(error, this.#report(reason, failure.delivery));
  }

  #decide(failure: Failure): Decision {
    return this.#history.decideAndCharge({ type: "failure", failure }, this.#request);
  }

  /** Publishes that a request is not sent again, for a reason on which there is nothing to decide. */
  #publishGiveUp(reason: GiveUpReason, failure: Failure): void {
    const decision: Decision = { action: "give-up", reason };
    this.#history.publish({ type: "failure", failure }, decision, this.#request);
  }

  #beginResend(nowMs: number): void {
    this.#history.begin(nowMs);
    const { sends } = this.#history;
    if (sends === 2) this.#request.node.once("close", () => this.#onClose());
    this.#context.runInAsyncScope(() => this.#request.onSend(sends));
  }

  #onClose(): void {
    if (this.#request.node.res?.complete === true) this.#history.onResponse(this.#request);
  }

  #add(socket: TrackedSocket | null, failure: Failure, error: Error): void {
    const { sends: attempt, sentAtMs: startedAtMs } = this.#history;
    const record = this.#request.recordOf({ attempt, startedAtMs }, socket, failure, error);
    this.#lastError = error;
    this.#history.add(record, socket?.[stateSlot].attempt?.startedAtMs ?? startedAtMs);
  }

  /** Learns what is down, and how long connections may be idle. */
  #learn(socket: TrackedSocket, failure: Failure, error: Error): void {
    const { connected, served, attempt, idleSinceMs } = socket[stateSlot];
    const { origin } = this.#request;
    const nowMs = origin.clock.now();
    if (!connected && attempt !== null) origin.onConnectFailed(attempt, failure, error);
    else if (failure.delivery === "unsent" && failure.kind === "reset" && served > 0) {
      origin.idleLimit.onDeath(nowMs - idleSinceMs, nowMs);
    } else if (failure.delivery === "stale") {
      origin.idleLimit.onDeath(this.#history.records.at(-1)?.idleMs ?? 0, nowMs);
      this.#host.closeIdleSince(idleSinceMs, origin);
    }
  }

  /** @returns false, for Node to go on with the error. */
  #giveUp(reason: GiveUpReason, failure: Failure, error: Error | null): false {
    const report = this.#report(reason, failure.delivery);
    if (error === null) putReportOnNextError(this.#request.node, report);
    else putReport(error, report);
    this.#request.giveUp(error ?? hangUp());
    return false;
  }

  #report(reason: GiveUpReason, delivery: Failure["delivery"]): RequestReport {
    const { sends, records } = this.#history;
    return {
      delivery: this.#history.delivery ?? delivery,
      reason,
      resends: sends - 1,
      attempts: records,
    };
  }

  #resend(decision: Resend, dead: TrackedSocket): void {
    if (decision.delayMs > 0) return this.#wait(decision);
    this.#request.needsFresh = decision.connection === "fresh";
    const before = this.#request.node.rawListeners("socket");
    this.#host.replace(dead, this.#request, (error, socket) =>
      this.#onSocket(error, socket, before),
    );
  }

  #wait({ delayMs, connection }: Resend): void {
    this.#request.needsFresh = connection === "fresh";
    this.#standIn();
    this.#host.onBackOff(this);
    this.#after(delayMs, () => this.resume());
  }

  #after(delayMs: number, then: () => void): void {
    this.#timer = this.#request.origin.clock.setTimeout(() => {
      this.#timer = null;
      then();
    }, delayMs);
  }

  #endWait(): void {
    const { clock, waiting } = this.#request.origin;
    if (this.#timer !== null) clock.clearTimeout(this.#timer);
    this.#timer = null;
    waiting.delete(this);
    this.#host.onBackOffEnd(this);
  }

  /** Gives a request that has no socket one on which it can wait: aborts, timeouts and writes work on it. */
  #standIn(): void {
    if (this.#placeholder !== null) return;
    this.#placeholder = placeholderFor(this.#request.origin);
    this.#request.node.onSocket(this.#placeholder);
  }

  #enqueue(): void {
    const { node } = this.#request;
    if (this.#placeholder === null || this.#placeholder.destroyed) return;
    const before = node.rawListeners("socket");
    const own = Object.getOwnPropertyDescriptor(node, "onSocket");
    node.onSocket = (socket, error) => {
      delete (node as Partial<NodeRequest>).onSocket;
      if (own !== undefined) Object.defineProperty(node, "onSocket", own);
      this.#onSocket(error ?? null, socket ?? undefined, before);
    };
    this.#host.enqueue(this.#request);
  }

  /** Given the socket to send on again, or why there is none. */
  #onSocket(error: Error | null, socket: Socket | undefined, before: readonly unknown[]): void {
    const { node, origin } = this.#request;
    const placeholder = this.#placeholder!;
    if (placeholder.destroyed) {
      // As Node does with a socket whose request has been destroyed.
      process.nextTick(() => socket?.emit("free"));
      return;
    }
    if (socket === undefined) {
      const reason = error ?? hangUp();
      if (!this.onConnectError(reason, null)) placeholder.destroy(reason);
      return;
    }
    const nowMs = origin.clock.now();
    const to = stateOf(socket) === null ? track(socket, origin, { startedAtMs: nowMs }) : socket;
    this.#placeholder = null;
    this.#beginResend(nowMs);
    moveRequest(node, placeholder, to as TrackedSocket);
    placeholder[stateSlot].discard(placeholder);
    this.#request.replayOn(to as TrackedSocket);
    // Other agents wait for `socket` where they make a connection; Node has emitted it before.
    for (const listener of node.rawListeners("socket") as Listener[]) {
      if (before.includes(listener)) continue;
      node.removeListener("socket", listener);
      Reflect.apply((listener as { listener?: Listener }).listener ?? listener, node, [to]);
    }
  }
}
