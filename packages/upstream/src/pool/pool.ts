import type { Clock } from "@reissue/core";
import { buildConnector } from "undici";

import type { OriginSettings } from "../origin-settings.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";
import { IdleLimit } from "./idle-limit.ts";

/**
 * What a request asks of the connection it gets.
 *
 * - `any`: the most recently used idle one, or a fresh one.
 * - `hot`: likewise, but not one that has been idle longer than `unsafeIdleMs`; for what may not be resent.
 * - `fresh`: one that no request ever used; for resends.
 */
export type Need = "any" | "hot" | "fresh";

/** Somebody who waits for a connection of a full pool. */
export interface Waiter {
  readonly need: Need;
  onConnection(connection: Connection): void;
}

/**
 * The connections to one origin: a stack of idle ones, hottest on top.
 *
 * Undici's own Pool cannot say which connection a request gets, and choosing connections is the whole point here.
 */
export class Pool implements ConnectionOwner {
  readonly #origin: string;
  readonly #settings: OriginSettings;
  readonly #clock: Clock;
  readonly #connector: buildConnector.connector;
  readonly #onConnected: () => void;
  /** Idle connections, longest idle first. */
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  readonly #waiters = new Set<Waiter>();
  readonly idleLimit: IdleLimit;

  constructor(origin: string, settings: OriginSettings, clock: Clock, onConnected: () => void) {
    this.#origin = origin;
    this.#settings = settings;
    this.#clock = clock;
    this.#connector = buildConnector(settings.connector);
    this.#onConnected = onConnected;
    this.idleLimit = new IdleLimit(settings.idleMs);
  }

  /** How many connections there are, idle, busy or being opened. */
  get size(): number {
    return this.#all.size;
  }

  /** How many of them are idle. */
  get idle(): number {
    return this.#idle.length;
  }

  /** How many requests wait for a connection. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** The hottest idle connection that meets the need; null where none does. */
  takeIdle(need: Need, nowMs: number): Connection | null {
    if (need === "fresh" || this.#idle.length === 0) return null;
    const limitMs = this.idleLimit.currentMs(nowMs);
    for (;;) {
      const hottest = this.#idle.at(-1);
      if (hottest === undefined) return null;
      const idleMs = nowMs - hottest.idleSinceMs;
      if (!hottest.open || idleMs > limitMs || idleMs > hottest.hintMs) {
        this.#retire(hottest);
      } else if (need === "hot" && idleMs > this.#settings.unsafeIdleMs) {
        // Too cold for this one; whoever may be resent can still have it.
        return null;
      } else {
        this.#idle.pop();
        return hottest;
      }
    }
  }

  /** Opens a connection, at the cost of the longest idle one where the pool is full; null where all are busy. */
  openFresh(): Connection | null {
    if (this.#all.size >= this.#settings.connections) {
      const coldest = this.#idle[0];
      if (coldest === undefined) return null;
      this.#retire(coldest);
    }
    const connection = new Connection(this.#origin, this.#settings, this.#connector, this);
    this.#all.add(connection);
    return connection;
  }

  /** Puts somebody at the end of the queue for a connection. */
  wait(waiter: Waiter): void {
    this.#waiters.add(waiter);
  }

  /** Takes somebody out of the queue. */
  leave(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }

  /** The longest idle age at which a connection may still carry what cannot be resent, in ms. */
  unsafeLimitMs(connection: Connection, nowMs: number): number {
    return Math.min(
      this.#settings.unsafeIdleMs,
      this.idleLimit.currentMs(nowMs),
      connection.hintMs,
    );
  }

  /** Takes a connection back after a request that ended well. */
  release(connection: Connection): void {
    if (!this.#all.has(connection)) return;
    connection.served += 1;
    connection.idleSinceMs = this.#clock.now();
    this.giveBack(connection);
  }

  /** Takes a connection back as it was given out. */
  giveBack(connection: Connection): void {
    for (const waiter of this.#waiters) {
      this.#waiters.delete(waiter);
      if (waiter.need === "fresh") {
        this.#retire(connection);
        const fresh = this.openFresh();
        // The place that was just given up cannot have been taken.
        if (fresh !== null) waiter.onConnection(fresh);
      } else {
        waiter.onConnection(connection);
      }
      return;
    }
    this.#idle.push(connection);
    this.#retireExpired(connection.idleSinceMs);
  }

  /** Lets go of a connection whose socket now belongs to somebody else. */
  forget(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    connection.retire();
    this.#serveWaiter();
  }

  /** Destroys a connection whose request failed. */
  drop(connection: Connection, error: Error | null): void {
    if (!this.#all.delete(connection)) return;
    connection.destroy(error);
    this.#serveWaiter();
  }

  /** Retires idle connections that have been idle since `sinceMs` or longer: their elder sibling was dead. */
  retireElders(sinceMs: number): void {
    while (this.#idle[0] !== undefined && this.#idle[0].idleSinceMs <= sinceMs) {
      this.#retire(this.#idle[0]);
    }
  }

  onConnected(): void {
    this.#onConnected();
  }

  onDisconnected(connection: Connection, error: Error & { code?: string }): void {
    const index = this.#idle.indexOf(connection);
    if (index === -1) return;
    this.#idle.splice(index, 1);
    this.#all.delete(connection);
    connection.retire();
    // UND_ERR_INFO is undici's word for a close of our own: the idle timer, or an answer that said so.
    if (error.code !== "UND_ERR_INFO") {
      const nowMs = this.#clock.now();
      this.idleLimit.onClosed(nowMs - connection.idleSinceMs, nowMs);
    }
    this.#serveWaiter();
  }

  /** Closes every connection: idle ones now, busy ones once they are done. */
  close(): void {
    for (const connection of this.#all) connection.retire();
    this.#all.clear();
    this.#idle.length = 0;
  }

  /** Closes every connection at once; requests on them fail with `error`. */
  destroy(error: Error): void {
    const all = [...this.#all];
    this.#all.clear();
    this.#idle.length = 0;
    for (const connection of all) connection.destroy(error);
  }

  #retire(connection: Connection): void {
    const index = this.#idle.lastIndexOf(connection);
    if (index !== -1) this.#idle.splice(index, 1);
    this.#all.delete(connection);
    connection.retire();
  }

  #retireExpired(nowMs: number): void {
    const limitMs = this.idleLimit.currentMs(nowMs);
    while (this.#idle[0] !== undefined && nowMs - this.#idle[0].idleSinceMs > limitMs) {
      this.#retire(this.#idle[0]);
    }
  }

  #serveWaiter(): void {
    for (const waiter of this.#waiters) {
      const connection = this.openFresh();
      if (connection === null) return;
      this.#waiters.delete(waiter);
      waiter.onConnection(connection);
    }
  }
}
