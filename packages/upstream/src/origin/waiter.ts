import type { InContext } from "../call/async-context.ts";
import type { Connection } from "./connection.ts";
import type { Queued } from "./wait-queue.ts";

/**
 * Connection that a request needs.
 *
 * - `any`: the most recently used idle one, or a fresh one.
 * - `hot`: the same, but none that has been idle longer than `unsafeIdleMs`; for requests that must not be resent.
 * - `fresh`: one that has not carried a request; for resends.
 */
export type ConnectionPreference = "any" | "hot" | "fresh";

/**
 * What a call without a connection waits for.
 *
 * - `in-line`: its turn in the queue.
 * - `for-probe`: the outcome of a probe of an upstream that has been down; the call itself limits the time.
 */
export type Waiting = "in-line" | "for-probe";

/** Why a call may neither connect nor wait now. */
export interface Refusal {
  /** Error of the latest failed connect. */
  readonly error: unknown;
}

/** Call that needs a connection, and may have to wait for it. */
export interface Waiter extends InContext, Queued {
  readonly preference: ConnectionPreference;
  onConnection(connection: Connection, nowMs: number): void;
  /** Called when the upstream is down, and waiting is of no use. */
  onRefused(error: unknown): void;
  /** Ends the call. */
  abort(reason: unknown): void;
}
