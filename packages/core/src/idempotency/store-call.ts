import type { Clock } from "../clock.ts";
import { StoreUnavailableError } from "./store-error.ts";

/**
 * Calls a store and waits no longer than `timeoutMs`.
 *
 * @param onLate - Told of what the call came to after it had been given up.
 * @returns what the call came to; rejects with a {@link StoreUnavailableError} when the time is over.
 */
export function storeCall<Result>(
  call: () => Promise<Result>,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
  onLate: (result: Result) => void = () => {},
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const timer = clock.setTimeout(() => {
      isOver = true;
      reject(new StoreUnavailableError(`did not answer within ${timeoutMs} ms`));
    }, timeoutMs);
    attempt(call).then(
      (result) => {
        clock.clearTimeout(timer);
        if (isOver) onLate(result);
        else resolve(result);
      },
      (error: unknown) => {
        clock.clearTimeout(timer);
        reject(
          error instanceof Error ? error : new StoreUnavailableError("failed", { cause: error }),
        );
      },
    );
  });
}

/** A store of somebody else's may throw where it should reject, and return what is no promise. */
function attempt<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return Promise.resolve(call());
  } catch (error) {
    return Promise.reject(error);
  }
}
