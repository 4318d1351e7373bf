import { idleCloseChannel, type Clock, type ConnectionStats } from "@reissue/core";
import type { buildConnector } from "undici";

import { Bag, IdleLimit, type ConnectBreaker, type MisuseWarnings } from "@reissue/core/internal";
import type { OriginConfig } from "../config/origin-config.ts";
import { connectorOf } from "../connect/connector.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";
import { IdleConnections } from "./idle-connections.ts";
import { Settling } from "./settling.ts";
import { Turns } from "./turns.ts";
import { UnreadBodies } from "./unread-bodies.ts";
import { WaitQueue } from "./wait-queue.ts";
import type { Refusal, Waiter, Waiting } from "./waiter.ts";

/**
 * Connections to one origin: a stack of idle ones, most recently used on top.
 *
 * Undici's own Pool does not let its caller choose the connection, which is the purpose here.
 */
export class Pool implements ConnectionOwner {
  readonly #origin: string;
  readonly #settings: OriginConfig;
  readonly #clock: Clock;
  readonly #connector: buildConnector.connector;
  readonly #breaker: ConnectBreaker;
  readonly #idle: IdleConnections;
  readonly #all = new Bag<Connection>();
  readonly #waiters = new WaitQueue<Waiter>();
  readonly #settling = new Settling(() => {
    if (this.#waiters.size > 0) this.#serve();
  });
  readonly #unread: UnreadBodies | null;
  #serving = false;
  readonly idleLimit: IdleLimit;
  readonly turns: Turns = new Turns();

  constructor(
    origin: string,
    settings: OriginConfig,
    clock: Clock,
    breaker: ConnectBreaker,
    warnings: MisuseWarnings,
  ) {
    this.#origin = origin;
    this.#settings = settings;
    this.#clock = clock;
    this.#connector = connectorOf(origin, settings);
    this.#breaker = breaker;
    this.idleLimit = new IdleLimit(settings.idleMs);
    this.#unread = warnings.has("unreadBody") ? new UnreadBodies(origin, clock, warnings) : null;
    this.#idle = new IdleConnections(settings, this.idleLimit, (idle) => this.#closeWhenIdle(idle));
  }

  /** Whether the pool has no connection. */
  get empty(): boolean {
    return this.#all.size === 0;
  }

  /** Number of connections, and of calls that wait for one. */
  get stats(): ConnectionStats {
    const idle = this.#idle.size;
    return { idle, busy: this.#all.size - idle, waiting: this.#waiters.size };
  }

  /** Finds a connection for a call, or queues the call until it gets one or is refused. */
  acquire(waiter: Waiter, nowMs: number): Connection | Refusal | Waiting {
    const found = this.#isPromised ? null : this.#find(waiter, nowMs);
    if (found !== null) return found;
    const forProbe = this.#breaker.holdsBack(waiter, nowMs);
    if (forProbe && this.#waiters.size >= this.#settings.maxWaitingForProbe) {
      return { error: this.#breaker.error };
    }
    this.#waiters.join(waiter);
    if (!forProbe) this.#unread?.watch(this.#all, this.#waiters);
    return forProbe ? "for-probe" : "in-line";
  }

  /** Refuses all waiting calls, since the upstream was found to be down. */
  refuseWaiting(error: unknown): void {
    for (let left = this.#waiters.size; left > 0; left -= 1) {
      const waiter = this.#waiters.first;
      if (waiter === null) return;
      this.leave(waiter);
      waiter.context.runInAsyncScope(() => waiter.onRefused(error));
    }
  }

  /** Removes a call from the queue, if it is there. */
  leave(waiter: Waiter): void {
    this.#waiters.leave(waiter);
    if (this.#waiters.size === 0) this.#unread?.stop();
  }

  /** Longest idle time after which a connection may still carry a request that cannot be resent, in ms. */
  unsafeLimitMs(connection: Connection, nowMs: number): number {
    return this.#idle.unsafeLimitMs(connection, nowMs);
  }

  /**
   * Takes a connection back after a successful request.
   *
   * @param idleMs - Idle time before the request; null for a fresh connection.
   */
  returnUsed(connection: Connection, idleMs: number | null): void {
    if (idleMs !== null) this.idleLimit.onAnswer(idleMs);
    connection.served += 1;
    connection.writtenOn = false;
    connection.idleSinceMs = this.#clock.now();
    this.#settling.add(connection);
    this.returnUnused(connection);
  }

  /** Takes a connection back on which nothing was written. */
  returnUnused(connection: Connection): void {
    connection.onRequestEnd();
    if (!this.#all.has(connection)) return;
    // A connection that is not established is useless, and would keep the pool from being empty.
    if (!connection.open) {
      this.#closeWhenIdle(connection);
      return this.#serve();
    }
    this.#idle.add(connection);
    if (this.#waiters.size > 0) this.#serve();
    this.#idle.closeExpired(connection.idleSinceMs);
  }

  /** Removes a connection whose socket now belongs to the caller. */
  detach(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    connection.closeWhenIdle();
    this.#serve();
  }

  /** Destroys a connection whose request failed. */
  discard(connection: Connection, error: Error | null): void {
    const isOwn = this.#all.delete(connection);
    // Also a closing connection: undici would connect again for a request that was aborted.
    void connection.destroy(error);
    if (isOwn) this.#serve();
  }

  /** Closes connections that have been idle since `sinceMs` or longer, since one of that age was dead. */
  closeIdleSince(sinceMs: number): void {
    this.#idle.closeSince(sinceMs);
  }

  onConnected(): void {
    this.#breaker.onConnected(this.#clock.now());
    // Serves the calls that waited for the outcome of a probe.
    if (this.#waiters.size > 0) this.#serve();
  }

  onDisconnected(connection: Connection, error: Error & { code?: string }): void {
    // UND_ERR_INFO is undici's code for a close of our own: by the idle timer, or because a response announced it.
    const closedIdle = connection.served > 0 && !connection.writtenOn;
    if (closedIdle && error.code !== "UND_ERR_INFO" && this.#all.has(connection)) {
      const nowMs = this.#clock.now();
      this.#onIdleClose(nowMs - connection.idleSinceMs, nowMs);
    }
    // Under a request that was not yet written, undici itself opens another socket.
    if (!this.#idle.has(connection)) return;
    this.#closeWhenIdle(connection);
    this.#serve();
  }

  /** Closes every connection: idle ones now, busy ones after their request. */
  close(): void {
    this.#unread?.stop();
    for (const connection of this.#all.empty()) connection.closeWhenIdle();
    this.#idle.clear();
  }

  /** Closes every connection immediately; the calls on them end with `error`. */
  async destroy(error: Error): Promise<void> {
    this.#unread?.stop();
    const all = this.#all.empty();
    this.#idle.clear();
    for (let next = this.#waiters.first; next !== null; next = this.#waiters.first) {
      this.leave(next);
      next.abort(error);
    }
    await Promise.all(all.map((connection) => connection.abortCall(error)));
  }

  /**
   * Whether queued calls wait for connections that came back in this event loop turn, with no other available. A newer
   * call that took one before them would let a call that cannot be resent wait for as long as others come.
   */
  get #isPromised(): boolean {
    if (this.#waiters.size === 0 || this.#settling.empty) return false;
    return this.#all.size >= this.#settings.connections;
  }

  #find(waiter: Waiter, nowMs: number): Connection | null {
    const idle = waiter.preference === "fresh" ? null : this.#idle.take(waiter.preference, nowMs);
    if (idle !== null) return idle;
    if (waiter.preference === "hot" && this.#isSettling(nowMs)) return null;
    if (this.#breaker.holdsBack(waiter, nowMs)) return null;
    if (this.#all.size >= this.#settings.connections) {
      const { longestIdle } = this.#idle;
      if (longestIdle === undefined) return null;
      this.#closeWhenIdle(longestIdle);
    }
    this.#breaker.begin(waiter, nowMs);
    return this.#open();
  }

  #onIdleClose(idleMs: number, nowMs: number): void {
    this.idleLimit.onDeath(idleMs, nowMs);
    if (!idleCloseChannel.hasSubscribers) return;
    idleCloseChannel.publish({ client: "upstream", origin: this.#origin, idleMs });
  }

  #isSettling(nowMs: number): boolean {
    return this.#idle.isSettling(nowMs, this.#all.size >= this.#settings.connections);
  }

  #open(): Connection {
    const connection = new Connection(
      this.#origin,
      this.#settings,
      this.#connector,
      this,
      this.#clock,
    );
    this.#all.add(connection);
    return connection;
  }

  #closeWhenIdle(connection: Connection): void {
    this.#idle.remove(connection);
    this.#all.delete(connection);
    connection.closeWhenIdle();
  }

  /** Whether a call that waits for a probe, and for which no idle connection is good enough, lets others have those. */
  #isPassed(waiter: Waiter, nowMs: number): boolean {
    if (this.#idle.size === 0 || !this.#breaker.holdsBack(waiter, nowMs)) return false;
    return waiter.preference === "fresh" || !this.#isSettling(nowMs);
  }

  /**
   * Serves the queue as far as possible; in a loop, since requests that fail immediately would pile up on the stack.
   */
  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    try {
      let next = this.#waiters.first;
      while (next !== null) {
        const waiter = next;
        const { place } = waiter;
        const nowMs = this.#clock.now();
        const found = this.#find(waiter, nowMs);
        if (found === null && !this.#isPassed(waiter, nowMs)) return;
        if (found !== null) {
          this.leave(waiter);
          // The present event belongs to another call's connection.
          waiter.context.runInAsyncScope(() => waiter.onConnection(found, nowMs));
        }
        next = this.#waiters.after(place);
      }
    } finally {
      this.#serving = false;
    }
  }
}
