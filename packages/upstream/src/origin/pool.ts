import type { Clock } from "@reissue/core";
import { buildConnector } from "undici";

import { Bag } from "./bag.ts";
import type { OriginConfig } from "../config/origin-config.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";
import { Settling } from "./settling.ts";
import { Turns } from "./turns.ts";
import { WaitQueue } from "./wait-queue.ts";
import { IdleLimit, type ConnectBreaker } from "@reissue/core/internal";
import type { Refusal, Waiter, Waiting } from "./waiter.ts";

/** How long a connection is to have been back before it is taken for one that stays open, in ms. */
const restMs = 1;

/**
 * The connections to one origin: a stack of idle ones, hottest on top.
 *
 * Undici's own Pool cannot say which connection a request gets, and choosing connections is the whole point here.
 */
export class Pool implements ConnectionOwner {
  readonly #origin: string;
  readonly #settings: OriginConfig;
  readonly #clock: Clock;
  readonly #connector: buildConnector.connector;
  readonly #outage: ConnectBreaker;
  /** Idle connections, longest idle first. */
  readonly #idle: Connection[] = [];
  readonly #all = new Bag<Connection>();
  readonly #waiters = new WaitQueue<Waiter>();
  readonly #settling = new Settling(() => {
    if (this.#waiters.size > 0) this.#serve();
  });
  #serving = false;
  readonly idleLimit: IdleLimit;
  readonly turns: Turns = new Turns();

  constructor(origin: string, settings: OriginConfig, clock: Clock, outage: ConnectBreaker) {
    this.#origin = origin;
    this.#settings = settings;
    this.#clock = clock;
    this.#connector = buildConnector(settings.connector);
    this.#outage = outage;
    this.idleLimit = new IdleLimit(settings.idleMs);
  }

  /** Whether it has no connection. */
  get empty(): boolean {
    return this.#all.size === 0;
  }

  /** Finds a connection for a call, or has it wait until it is brought one or refused. */
  acquire(waiter: Waiter, nowMs: number): Connection | Refusal | Waiting {
    const found = this.#isPromised ? null : this.#find(waiter, nowMs);
    if (found !== null) return found;
    const forProbe = this.#outage.holdsBack(waiter, nowMs);
    if (forProbe && this.#waiters.size >= this.#settings.maxWaitingForProbe) {
      return { error: this.#outage.error };
    }
    this.#waiters.join(waiter);
    return forProbe ? "for-probe" : "in-line";
  }

  /** Refuses all that wait: the upstream is down, as has just been found. */
  refuseWaiting(error: unknown): void {
    for (let left = this.#waiters.size; left > 0; left -= 1) {
      const waiter = this.#waiters.first;
      if (waiter === null) return;
      this.#waiters.leave(waiter);
      waiter.context.runInAsyncScope(() => waiter.onRefused(error));
    }
  }

  /** Takes a call out of the line, if it is in it. */
  leave(waiter: Waiter): void {
    this.#waiters.leave(waiter);
  }

  /** The longest idle age at which a connection may still carry what cannot be resent, in ms. */
  unsafeLimitMs(connection: Connection, nowMs: number): number {
    return Math.min(this.#settings.unsafeIdleMs, this.idleLimit.unsafeMs(nowMs), connection.hintMs);
  }

  /**
   * Takes a connection back after a request that ended well.
   *
   * @param idleMs - How long it had been idle before the request; null if it was fresh.
   */
  returnUsed(connection: Connection, idleMs: number | null): void {
    if (idleMs !== null) this.idleLimit.onAnswer(idleMs);
    connection.served += 1;
    connection.writtenOn = false;
    connection.idleSinceMs = this.#clock.now();
    this.#settling.add(connection);
    this.returnUnused(connection);
  }

  /** Takes a connection back as it was given out. */
  returnUnused(connection: Connection): void {
    connection.onRequestEnd();
    if (!this.#all.has(connection)) return;
    // One that never stood, or stands no more, is of no use to anybody, and would keep the pool from being empty.
    if (!connection.open) {
      this.#closeWhenIdle(connection);
      return this.#serve();
    }
    let place = this.#idle.length;
    // One that comes back unused has been idle for longer than some that came back before it.
    while (place > 0 && this.#idle[place - 1]!.idleSinceMs > connection.idleSinceMs) place -= 1;
    if (place === this.#idle.length) this.#idle.push(connection);
    else this.#idle.splice(place, 0, connection);
    if (this.#waiters.size > 0) this.#serve();
    this.#retireExpired(connection.idleSinceMs);
  }

  /** Lets go of a connection whose socket now belongs to somebody else. */
  detach(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    connection.closeWhenIdle();
    this.#serve();
  }

  /** Destroys a connection whose request failed. */
  discard(connection: Connection, error: Error | null): void {
    const known = this.#all.delete(connection);
    // Also where it is closing: undici would connect once more for a request that was aborted.
    void connection.destroy(error);
    if (known) this.#serve();
  }

  /** Retires idle connections that have been idle since `sinceMs` or longer: their elder sibling was dead. */
  closeIdleSince(sinceMs: number): void {
    while (this.#idle[0] !== undefined && this.#idle[0].idleSinceMs <= sinceMs) {
      this.#closeWhenIdle(this.#idle[0]);
    }
  }

  onConnected(): void {
    this.#outage.onConnected(this.#clock.now());
    // Those that waited for the outcome of a probe.
    if (this.#waiters.size > 0) this.#serve();
  }

  onDisconnected(connection: Connection, error: Error & { code?: string }): void {
    // UND_ERR_INFO is undici's word for a close of our own: the idle timer, or an answer that said so.
    const closedIdle = connection.served > 0 && !connection.writtenOn;
    if (closedIdle && error.code !== "UND_ERR_INFO" && this.#all.has(connection)) {
      const nowMs = this.#clock.now();
      this.idleLimit.onDeath(nowMs - connection.idleSinceMs, nowMs);
    }
    // Under a request that was not yet written undici opens another socket by itself.
    if (!this.#idle.includes(connection)) return;
    this.#closeWhenIdle(connection);
    this.#serve();
  }

  /** Closes every connection: idle ones now, busy ones once they are done. */
  close(): void {
    for (const connection of this.#all.empty()) connection.closeWhenIdle();
    this.#idle.length = 0;
  }

  /** Closes every connection at once; the calls of requests on them end with `error`. */
  async destroy(error: Error): Promise<void> {
    const all = this.#all.empty();
    this.#idle.length = 0;
    await Promise.all(all.map((connection) => connection.abortCall(error)));
  }

  /**
   * Whether those in line wait for what came back in this turn of the event loop, with nothing else to be had: whoever
   * took it before them would let what cannot be resent wait for as long as others come.
   */
  get #isPromised(): boolean {
    if (this.#waiters.size === 0 || this.#settling.empty) return false;
    return this.#all.size >= this.#settings.connections;
  }

  #find(waiter: Waiter, nowMs: number): Connection | null {
    const idle = waiter.preference === "fresh" ? null : this.#takeIdle(waiter.preference, nowMs);
    if (idle !== null) return idle;
    if (waiter.preference === "hot" && this.#isSettling(nowMs)) return null;
    if (this.#outage.holdsBack(waiter, nowMs)) return null;
    if (this.#all.size >= this.#settings.connections) {
      const coldest = this.#idle[0];
      if (coldest === undefined) return null;
      this.#closeWhenIdle(coldest);
    }
    this.#outage.begin(waiter, nowMs);
    return this.#open();
  }

  /** The hottest idle connection that meets the need; null where none does. */
  #takeIdle(need: "any" | "hot", nowMs: number): Connection | null {
    if (this.#idle.length === 0) return null;
    const limitMs = this.idleLimit.currentMs(nowMs);
    if (need === "hot" && this.#isFirstOfYoung(this.#idle[0]!, nowMs)) return this.#idle.shift()!;
    let found: Connection | null = null;
    for (let index = this.#idle.length - 1; index >= 0; index -= 1) {
      const next = this.#idle[index]!;
      const idleMs = nowMs - next.idleSinceMs;
      if (!next.open || idleMs > limitMs || idleMs > next.hintMs) {
        this.#closeWhenIdle(next);
      } else if (need === "any") {
        found = next;
        break;
      } else if (next.settled) {
        // Too cold for this one; whoever may be resent can still have it.
        if (idleMs > this.#settings.unsafeIdleMs || this.#isPassedOver(idleMs, nowMs)) break;
        found = next;
        // One that has been back for longer has shown that it stays open.
        if (idleMs >= restMs) break;
      }
    }
    if (found !== null) this.#idle.splice(this.#idle.lastIndexOf(found), 1);
    return found;
  }

  /** Whether a search for a hot one would go through all of them, none of which has rested, and end with the first. */
  #isFirstOfYoung(first: Connection, nowMs: number): boolean {
    const idleMs = nowMs - first.idleSinceMs;
    if (idleMs >= restMs || !first.settled || !first.open) return false;
    if (this.idleLimit.responseCloses.endangers(idleMs)) return false;
    return idleMs <= this.unsafeLimitMs(first, nowMs);
  }

  /**
   * Whether something that cannot be resent waits for a connection that came back in this turn of the event loop.
   *
   * If that is the only idle one another is opened, once: from then on one more stands than there are requests at a
   * time, and each has the time of a request to show that it stays open.
   */
  #isSettling(nowMs: number): boolean {
    const last = this.#idle.at(-1);
    if (last === undefined || last.settled) return false;
    if (this.idleLimit.responseCloses.endangers(nowMs - last.idleSinceMs)) return false;
    // Over HTTP/2 a server says that it closes, and another connection costs a handshake.
    if (last.http2) return true;
    return this.#idle.length > 1 || this.#all.size >= this.#settings.connections;
  }

  /** Whether connections are said to die at that idle age, which the longest idle one has not outlived. */
  #isPassedOver(idleMs: number, nowMs: number): boolean {
    const { idleLimit } = this;
    if (!idleLimit.endangers(idleMs, nowMs)) return false;
    const coldest = this.#idle[0]!;
    if (coldest.open) idleLimit.onStanding(nowMs - coldest.idleSinceMs);
    if (!idleLimit.endangers(idleMs, nowMs)) return false;
    idleLimit.onPassedOver(idleMs);
    return true;
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
    const index = this.#idle.lastIndexOf(connection);
    if (index !== -1) this.#idle.splice(index, 1);
    this.#all.delete(connection);
    connection.closeWhenIdle();
  }

  #retireExpired(nowMs: number): void {
    const limitMs = this.idleLimit.currentMs(nowMs);
    while (this.#idle[0] !== undefined && nowMs - this.#idle[0].idleSinceMs > limitMs) {
      this.#closeWhenIdle(this.#idle[0]);
    }
  }

  /** Whether one that waits for a probe, and for which no idle connection is good enough, lets others have those. */
  #isPassed(waiter: Waiter, nowMs: number): boolean {
    if (this.#idle.length === 0 || !this.#outage.holdsBack(waiter, nowMs)) return false;
    return waiter.preference === "fresh" || !this.#isSettling(nowMs);
  }

  /** Serves the line as far as it goes; in a loop, since requests that fail at once would pile up on the stack. */
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
          this.#waiters.leave(waiter);
          // This is an event of another call's connection.
          waiter.context.runInAsyncScope(() => waiter.onConnection(found));
        }
        next = this.#waiters.after(place);
      }
    } finally {
      this.#serving = false;
    }
  }
}
