import { isPromise, type Awaitable } from "../../common/awaitable.ts";
import type { Clock } from "../../common/clock.ts";
import { StoreUnavailableError } from "../store/store-error.ts";

/** Receiver of a result that comes after its call was given up. */
export interface Late<Result> {
  onValue(result: Result): void;
  onError(error: unknown): void;
}

/**
 * Calls a store, and waits for at most `timeoutMs`; a result without a promise is returned as such.
 *
 * @returns the result; fails with a {@link StoreUnavailableError} after the timeout.
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
  // A promise of any library.
  const promise = Promise.resolve(reply);
  return new Promise((resolve, reject) => {
    let isOver = false;
    const timer = clock.setTimeout(() => {
      isOver = true;
      reject(new StoreUnavailableError(`did not respond within ${timeoutMs} ms`));
    }, timeoutMs);
    promise.then(
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
