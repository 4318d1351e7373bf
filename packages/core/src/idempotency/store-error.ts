import { ReissueError } from "../errors.ts";

/** A store has no room for another record; what it holds is untouched. */
export class StoreFullError extends ReissueError {
  constructor() {
    super("ERR_REISSUE_STORE_FULL", "The idempotency store is full");
  }
}

/** A store did not answer in time, or not as a store does. */
export class StoreUnavailableError extends ReissueError {
  constructor(problem: string, options?: ErrorOptions) {
    super("ERR_REISSUE_STORE_UNAVAILABLE", `The idempotency store ${problem}`, options);
  }
}
