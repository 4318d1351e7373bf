import { undici } from "../undici.ts";

/**
 * Calls `abort` when the signal aborts, at once if it has already.
 *
 * @returns A function that removes the listener; the signal may outlive the call by far.
 */
export function onAbort(signal: AbortSignal, abort: (reason: unknown) => void): () => void {
  const listener = (): void => abort(signal.reason);
  if (signal.aborted) listener();
  else signal.addEventListener("abort", listener);
  return () => signal.removeEventListener("abort", listener);
}

/** Returns the error of an aborted call: the given reason, unless it is falsy, which undici treats as no error. */
export function abortReason(given: unknown): Error {
  if (!given) return new (undici().errors.RequestAbortedError)();
  return given as Error;
}
