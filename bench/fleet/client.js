// @ts-check
import { Call } from "./call.js";
import { Connection } from "./connection.js";

/**
 * What a client does beyond sending: which idle connection it takes, and what follows a failure. Each client has its own.
 *
 * @typedef {object} Policy
 * @property {(call: Call) => void} begin - Notes the start of a call.
 * @property {(call: Call) => Connection | null} take - Takes an idle connection for a call.
 * @property {(call: Call) => boolean} admits - Whether a call may connect; otherwise the policy holds it.
 * @property {(call: Call) => void} onConnected
 * @property {(call: Call, connection: Connection) => void} onSuccess
 * @property {(connection: Connection) => void} onIdle - Notes a connection that can be used again.
 * @property {(idleMs: number) => void} onIdleEnd - Notes the close of a connection that had no request.
 * @property {(call: Call, outcome: import("./call.js").Outcome) => import("./call.js").Resend | null} next
 */

/** One client: its idle connections, and the calls that it makes of the upstream. */
export class Client {
  /**
   * Idle connections, longest idle first.
   *
   * @type {Connection[]}
   */
  idle = [];
  /** @type {Policy} */
  policy;

  /**
   * @param {import("./world.js").World} world
   * @param {(client: Client) => Policy} policyOf
   */
  constructor(world, policyOf) {
    this.world = world;
    this.policy = policyOf(this);
  }

  /** @param {string} method */
  call(method) {
    const { queue, metrics } = this.world;
    const call = new Call(method, queue.nowMs);
    metrics.onCall(call);
    this.policy.begin(call);
    this.#send(call, false);
  }

  /** Gives a call a connection, now that it has waited for one. */
  place(/** @type {Call} */ call) {
    const { queue } = this.world;
    call.isHeld = false;
    const connection = call.fresh ? null : this.policy.take(call);
    if (connection !== null) this.#write(call, connection, queue.nowMs - connection.idleSinceMs);
    else if (this.policy.admits(call)) this.#connect(call);
    else call.isHeld = true;
  }

  /**
   * Ends an attempt, and has the policy say what follows.
   *
   * @param {Call} call
   * @param {import("./call.js").Outcome} outcome
   */
  settle(call, outcome) {
    const { queue, metrics } = this.world;
    this.#stopTimer(call);
    call.isHeld = false;
    const resend = this.policy.next(call, outcome);
    call.connection = null;
    if (resend === null) return metrics.onEnd(call, false, queue.nowMs);
    if (resend.delayMs <= 0) return this.#send(call, resend.fresh);
    queue.after(resend.delayMs, () => this.#send(call, resend.fresh));
  }

  /** Closes an idle connection. */
  close(/** @type {Connection} */ connection) {
    const { queue, oneWayMs } = this.world;
    const place = this.idle.indexOf(connection);
    if (place !== -1) this.idle.splice(place, 1);
    connection.open = false;
    connection.call = null;
    queue.after(oneWayMs, () => connection.instance.onClientClose(connection));
  }

  /**
   * @param {Call} call
   * @param {Connection} connection
   * @param {number} status
   * @param {boolean} closing - Whether the response says that the connection ends.
   */
  onResponse(call, connection, status, closing) {
    if (connection.call !== call) return;
    const { queue, metrics } = this.world;
    this.#stopTimer(call);
    connection.call = null;
    connection.served += 1;
    connection.idleSinceMs = queue.nowMs;
    if (status === 200) {
      this.policy.onSuccess(call, connection);
      metrics.onEnd(call, true, queue.nowMs);
    }
    if (closing) connection.open = false;
    else {
      this.idle.push(connection);
      this.policy.onIdle(connection);
    }
    if (status !== 200) this.settle(call, { type: "response", status });
  }

  /** Notes that the instance has ended a connection. */
  onEnd(/** @type {Connection} */ connection) {
    if (!connection.open) return;
    const { nowMs } = this.world.queue;
    connection.open = false;
    const { call } = connection;
    if (call !== null) {
      connection.call = null;
      return this.settle(call, { type: "reset", diedAfterMs: nowMs - call.writtenAtMs });
    }
    const place = this.idle.indexOf(connection);
    if (place !== -1) this.idle.splice(place, 1);
    this.policy.onIdleEnd(nowMs - connection.idleSinceMs);
  }

  /**
   * @param {Call} call
   * @param {boolean} fresh
   */
  #send(call, fresh) {
    const { queue, metrics, timeoutMs } = this.world;
    call.attempts += 1;
    call.fresh = fresh;
    call.sentAtMs = queue.nowMs;
    metrics.onAttempt();
    call.timer = queue.after(timeoutMs, () => this.#onTimeout(call));
    this.place(call);
  }

  #connect(/** @type {Call} */ call) {
    const { queue, oneWayMs, balancer } = this.world;
    const instance = balancer.pick();
    const attempt = call.attempts;
    queue.after(2 * oneWayMs, () => {
      const isAwaited = call.attempts === attempt && call.timer !== null;
      if (instance === null || !instance.accepting) {
        if (isAwaited) this.settle(call, { type: "refused", isHeld: false });
        return;
      }
      const connection = new Connection(this, instance);
      instance.accept(connection);
      this.policy.onConnected(call);
      if (isAwaited) return this.#write(call, connection, null);
      this.close(connection);
    });
  }

  /**
   * @param {Call} call
   * @param {Connection} connection
   * @param {number | null} idleMs
   */
  #write(call, connection, idleMs) {
    const { queue, oneWayMs } = this.world;
    connection.call = call;
    call.connection = connection;
    call.writtenAtMs = queue.nowMs;
    call.idleMs = idleMs;
    queue.after(oneWayMs, () => connection.instance.receive(call, connection));
  }

  #onTimeout(/** @type {Call} */ call) {
    const { connection, isHeld } = call;
    call.timer = null;
    if (connection !== null && connection.call === call) this.close(connection);
    this.settle(call, { type: "timeout", isHeld });
  }

  #stopTimer(/** @type {Call} */ call) {
    if (call.timer !== null) this.world.queue.cancel(call.timer);
    call.timer = null;
  }
}
