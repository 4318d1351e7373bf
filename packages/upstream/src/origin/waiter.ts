import type { InContext } from "../call/async-context.ts";
import type { Connection } from "./connection.ts";
import type { Queued } from "./wait-queue.ts";

/**
 * What a request asks of the connection it gets.
 *
 * - `any`: the most recently used idle one, or a fresh one.
 * - `hot`: likewise, but not one that has been idle longer than `unsafeIdleMs`; for what may not be resent.
 * - `fresh`: one that no request ever used; for resends.
 */
export type ConnectionPreference = "any" | "hot" | "fresh";

/**
 * What a call waits for that was given no connection.
 *
 * - `in-line`: for its turn.
 * - `for-probe`: for what a probe of an upstream that has been down finds; the call itself says for how long.
 */
export type Waiting = "in-line" | "for-probe";

/** Why a call may neither connect nor wait just now. */
export interface Refusal {
  /** What the last one to connect met. */
  readonly error: unknown;
}

/** A call that asks for a connection, and may have to wait for it. */
export interface Waiter extends InContext, Queued {
  readonly preference: ConnectionPreference;
  onConnection(connection: Connection): void;
  /** The upstream is down, so that waiting on is of no use. */
  onRefused(error: unknown): void;
}
