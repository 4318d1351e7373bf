import { isReissueError, ReissueError } from "../../common/reissue-error.ts";

/** A store has no room for another record; what it holds is untouched. */
export class StoreFullError extends ReissueError {
  constructor() {
    super("ERR_REISSUE_STORE_FULL", "The idempotency store is full");
  }
}

/** Whether a store has said that it is full. By its code: the store may have another copy of this package. */
export function isFull(error: unknown): boolean {
  return isReissueError(error) && error.code === "ERR_REISSUE_STORE_FULL";
}

/** A store did not answer in time, or not as a store does. */
export class StoreUnavailableError extends ReissueError {
  constructor(problem: string, options?: ErrorOptions) {
    super("ERR_REISSUE_STORE_UNAVAILABLE", `The idempotency store ${problem}`, options);
  }
}
