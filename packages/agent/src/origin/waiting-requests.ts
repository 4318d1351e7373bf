/** A request that waits for something that another one finds out. */
export interface WaitingRequest {
  /** Its place among those that wait; -1 while it does not. */
  waitingIndex: number;
  /** It may go on. */
  resume(): void;
  /** What it waited for has failed. */
  refuse(error: Error): void;
  /** Its agent is destroyed. */
  cancel(): void;
}

/** Requests that wait, in the order in which they came unless one has left before its turn. */
export class WaitingRequests {
  #all: WaitingRequest[] = [];

  get size(): number {
    return this.#all.length;
  }

  add(request: WaitingRequest): void {
    request.waitingIndex = this.#all.length;
    this.#all.push(request);
  }

  delete(request: WaitingRequest): void {
    const { waitingIndex: index } = request;
    if (this.#all[index] !== request) return;
    const last = this.#all.pop()!;
    if (last !== request) {
      this.#all[index] = last;
      last.waitingIndex = index;
    }
    request.waitingIndex = -1;
  }

  resumeAll(): void {
    for (const each of this.#take()) each.resume();
  }

  refuseAll(error: Error): void {
    for (const each of this.#take()) each.refuse(error);
  }

  cancelAll(): void {
    for (const each of this.#take()) each.cancel();
  }

  /** All of them; who begins to wait meanwhile waits on. */
  #take(): WaitingRequest[] {
    const all = this.#all;
    this.#all = [];
    for (const each of all) each.waitingIndex = -1;
    return all;
  }
}
