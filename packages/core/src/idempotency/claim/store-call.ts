import { isPromise, type Awaitable } from "../../common/awaitable.ts";
import type { Clock } from "../../common/clock.ts";
import { StoreUnavailableError } from "../store/store-error.ts";

/** Told what a call came to after it had been given up. */
export interface Late<Result> {
  onValue(result: Result): void;
  onError(error: unknown): void;
}

/**
 * Calls a store and waits no longer than `timeoutMs`, and not at all for one that answers at once.
 *
 * @returns what the call came to; fails with a {@link StoreUnavailableError} when the time is over.
 */
export function storeCall<Result>(
  call: () => Awaitable<Result>,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
  late?: Late<Result>,
): Awaitable<Result> {
  let reply: Awaitable<Result>;
  try {
    reply = call();
  } catch (error) {
    throw asError(error);
  }
  if (!isPromise(reply)) return reply;
  // Of whatever library.
  const coming = Promise.resolve(reply);
  return new Promise((resolve, reject) => {
    let isOver = false;
    const timer = clock.setTimeout(() => {
      isOver = true;
      reject(new StoreUnavailableError(`did not answer within ${timeoutMs} ms`));
    }, timeoutMs);
    coming.then(
      (result) => {
        clock.clearTimeout(timer);
        if (isOver) late?.onValue(result);
        else resolve(result);
      },
      (error: unknown) => {
        clock.clearTimeout(timer);
        if (isOver) late?.onError(error);
        else reject(asError(error));
      },
    );
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new StoreUnavailableError("failed", { cause: error });
}
