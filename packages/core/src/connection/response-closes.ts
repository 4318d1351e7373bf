/**
 * Up to this idle age a close belongs to the response before it, in ms: it follows within a turn of the server's loop, on
 * a busy one a few. No idle timeout is as short.
 */
export const rightAfterMs = 20;

/** How many connections may be passed over without one of them being closed. */
const maxPassedOver = 3;

/**
 * Whether an upstream closes connections right after its responses without saying so.
 *
 * The end of such a connection may be read when the next request has been written. Once one was closed so, requests that
 * cannot be resent keep off connections that have just come back, until one outlives its response, or a few that were
 * passed over have all stayed open.
 */
export class ResponseCloses {
  #suspected = false;
  #passedOver = 0;

  /** Whether a connection that has been idle for so long may be about to end. */
  endangers(idleMs: number): boolean {
    return this.#suspected && idleMs < rightAfterMs;
  }

  /** Takes note that a connection was closed right after a response. */
  onClose(): void {
    this.#suspected = true;
    this.#passedOver = 0;
  }

  /** Takes note that one was still open after it had been idle for so long, or that it answered again. */
  onOutlived(): void {
    this.#suspected = false;
  }

  /** Takes note that one was not used, since it may be about to end. */
  onPassedOver(): void {
    this.#passedOver += 1;
    if (this.#passedOver > maxPassedOver) this.#suspected = false;
  }
}
