import type { IdleLimit } from "@reissue/core/internal";

import type { OriginConfig } from "../config/origin-config.ts";
import type { Connection } from "./connection.ts";

/** Idle time after which a connection counts as one that stays open, in ms. */
const restMs = 1;

/** Idle connections of a pool, longest idle first, and the choice among them. */
export class IdleConnections {
  readonly #connections: Connection[] = [];
  readonly #settings: Pick<OriginConfig, "unsafeIdleMs">;
  readonly #idleLimit: IdleLimit;
  readonly #close: (connection: Connection) => void;

  /** @param close - Removes a connection from the pool and from here, and closes it. */
  constructor(
    settings: Pick<OriginConfig, "unsafeIdleMs">,
    idleLimit: IdleLimit,
    close: (connection: Connection) => void,
  ) {
    this.#settings = settings;
    this.#idleLimit = idleLimit;
    this.#close = close;
  }

  get size(): number {
    return this.#connections.length;
  }

  /** Connection that has been idle for longest. */
  get longestIdle(): Connection | undefined {
    return this.#connections[0];
  }

  has(connection: Connection): boolean {
    return this.#connections.includes(connection);
  }

  /** Adds a connection by its idle time: an unused one that comes back has been idle for longer than some others. */
  add(connection: Connection): void {
    const all = this.#connections;
    let place = all.length;
    while (place > 0 && all[place - 1]!.idleSinceMs > connection.idleSinceMs) place -= 1;
    if (place === all.length) all.push(connection);
    else all.splice(place, 0, connection);
  }

  remove(connection: Connection): void {
    const index = this.#connections.lastIndexOf(connection);
    if (index !== -1) this.#connections.splice(index, 1);
  }

  clear(): void {
    this.#connections.length = 0;
  }

  /** Longest idle time after which a connection may still carry a request that cannot be resent, in ms. */
  unsafeLimitMs(connection: Connection, nowMs: number): number {
    const { unsafeIdleMs } = this.#settings;
    return Math.min(unsafeIdleMs, this.#idleLimit.unsafeMs(nowMs), connection.hintMs);
  }

  /** Takes the most recently used idle connection that meets the preference; null for none. */
  take(preference: "any" | "hot", nowMs: number): Connection | null {
    const all = this.#connections;
    if (all.length === 0) return null;
    const limitMs = this.#idleLimit.currentMs(nowMs);
    if (preference === "hot" && this.#isFirstOfYoung(all[0]!, nowMs)) return all.shift()!;
    let found: Connection | null = null;
    for (let index = all.length - 1; index >= 0; index -= 1) {
      const next = all[index]!;
      const idleMs = nowMs - next.idleSinceMs;
      if (!next.open || idleMs > limitMs || idleMs > next.hintMs) {
        this.#close(next);
      } else if (preference === "any") {
        found = next;
        break;
      } else if (next.settled) {
        // Idle for too long for this request; one that may be resent can still use it.
        if (idleMs > this.#settings.unsafeIdleMs || this.#isPassedOver(idleMs, nowMs)) break;
        found = next;
        // A connection that has been back for longer has shown that it stays open.
        if (idleMs >= restMs) break;
      }
    }
    if (found !== null) this.remove(found);
    return found;
  }

  /**
   * Whether a request that cannot be resent waits for a connection that came back in this event loop turn.
   *
   * If no other is idle, another one is opened, once: from then on there is one more connection than concurrent
   * requests, and each has the time of a request to show that it stays open.
   */
  isSettling(nowMs: number, isPoolFull: boolean): boolean {
    const last = this.#connections.at(-1);
    if (last === undefined || last.settled) return false;
    if (this.#idleLimit.responseCloses.endangers(nowMs - last.idleSinceMs)) return false;
    // Over HTTP/2 a server announces its close, and another connection costs a handshake.
    if (last.http2) return true;
    return this.#connections.length > 1 || isPoolFull;
  }

  /** Closes the connections that have been idle since `sinceMs` or longer. */
  closeSince(sinceMs: number): void {
    for (let next = this.longestIdle; next !== undefined && next.idleSinceMs <= sinceMs;) {
      this.#close(next);
      next = this.longestIdle;
    }
  }

  /** Closes the connections that have been idle for longer than the origin's limit. */
  closeExpired(nowMs: number): void {
    const limitMs = this.#idleLimit.currentMs(nowMs);
    for (let next = this.longestIdle; next !== undefined && nowMs - next.idleSinceMs > limitMs;) {
      this.#close(next);
      next = this.longestIdle;
    }
  }

  /**
   * Whether a search for a `hot` connection would pass all of them, none of which has rested, and end with the first.
   */
  #isFirstOfYoung(first: Connection, nowMs: number): boolean {
    const idleMs = nowMs - first.idleSinceMs;
    if (idleMs >= restMs || !first.settled || !first.open) return false;
    if (this.#idleLimit.responseCloses.endangers(idleMs)) return false;
    return idleMs <= this.unsafeLimitMs(first, nowMs);
  }

  /** Whether connections are thought to die at that idle time, which the longest idle one has not outlived. */
  #isPassedOver(idleMs: number, nowMs: number): boolean {
    const idleLimit = this.#idleLimit;
    if (!idleLimit.endangers(idleMs, nowMs)) return false;
    const longestIdle = this.#connections[0]!;
    if (longestIdle.open) idleLimit.onStanding(nowMs - longestIdle.idleSinceMs);
    if (!idleLimit.endangers(idleMs, nowMs)) return false;
    idleLimit.onPassedOver(idleMs);
    return true;
  }
}
