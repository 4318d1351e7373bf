import { Bag, type Bagged } from "@reissue/core/internal";

/** A request that waits for something that another one finds out. */
export interface WaitingRequest extends Bagged {
  /** It may go on. */
  resume(): void;
  /** What it waited for has failed. */
  refuse(error: Error): void;
  /** Its agent is destroyed. */
  cancel(): void;
}

/** Requests that wait, in the order in which they came unless one has left before its turn. */
export class WaitingRequests extends Bag<WaitingRequest> {
  resumeAll(): void {
    for (const each of this.empty()) each.resume();
  }

  refuseAll(error: Error): void {
    for (const each of this.empty()) each.refuse(error);
  }

  cancelAll(): void {
    for (const each of this.empty()) each.cancel();
  }
}
