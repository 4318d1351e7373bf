/**
 * Idle time up to which a close belongs to the previous response, in ms: it follows within one turn of the server's
 * event loop, or a few on a busy one. No idle timeout is as short.
 */
export const rightAfterMs = 20;

/** Number of connections that may be passed over without one of them being closed. */
const maxPassedOver = 3;

/**
 * Whether an upstream closes connections right after its responses without announcing it.
 *
 * The end of such a connection may be read after the next request has been written. Once one was closed in this way,
 * requests that cannot be resent avoid connections that have just come back, until one outlives its response, or a few
 * that were passed over have all stayed open.
 */
export class ResponseCloses {
  #suspected = false;
  #passedOver = 0;

  /** Whether a connection that has been idle for `idleMs` may be about to end. */
  endangers(idleMs: number): boolean {
    return this.#suspected && idleMs < rightAfterMs;
  }

  /** Notes that a connection was closed right after a response. */
  onClose(): void {
    this.#suspected = true;
    this.#passedOver = 0;
  }

  /** Notes that a connection outlived that time, or responded again. */
  onOutlived(): void {
    this.#suspected = false;
  }

  /** Notes that a connection was passed over because it may be about to end. */
  onPassedOver(): void {
    this.#passedOver += 1;
    if (this.#passedOver > maxPassedOver) this.#suspected = false;
  }
}
