import { isReissueError, ReissueError } from "../../common/reissue-error.ts";

/** Error of a store without room for another record; its records are unchanged. */
export class StoreFullError extends ReissueError {
  constructor() {
    super("ERR_REISSUE_STORE_FULL", "The idempotency store is full");
  }
}

/** Whether an error reports a full store; by its code, since the store may use another copy of this package. */
export function isFull(error: unknown): boolean {
  return isReissueError(error) && error.code === "ERR_REISSUE_STORE_FULL";
}

/** Error of a store that did not respond in time, or not as a store should. */
export class StoreUnavailableError extends ReissueError {
  constructor(problem: string, options?: ErrorOptions) {
    super("ERR_REISSUE_STORE_UNAVAILABLE", `The idempotency store ${problem}`, options);
  }
}
