import type { AsyncResource } from "node:async_hooks";

/**
 * What is called back on behalf of a call, from events of sockets and timers that belong to other calls.
 *
 * Who calls back does it in this context: AsyncLocalStorage, and all tracing with it, would otherwise take the work of
 * one user for that of another (docs/decisions/0008).
 */
export interface InContext {
  /** The asynchronous context in which the call was made. */
  readonly context: AsyncResource;
}
