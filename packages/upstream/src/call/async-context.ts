import type { AsyncResource } from "node:async_hooks";

/**
 * Callback target of a call, called from events of sockets and timers that belong to other calls.
 *
 * Callbacks run in this context. Otherwise AsyncLocalStorage, and with it all tracing, would attribute one user's work
 * to another (docs/decisions/0008).
 */
export interface InContext {
  /** Asynchronous context in which the call was made. */
  readonly context: AsyncResource;
}
