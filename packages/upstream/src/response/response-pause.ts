import type { Socket } from "node:net";

/** Pause of a response whose reader takes no more, which the end of the connection lifts. */
export class ResponsePause {
  #resume: (() => void) | null = null;
  #isLifted = false;

  /** Notes the function that resumes the response, at its head. */
  begin(resume: () => void): void {
    this.#resume = resume;
  }

  /** Returns whether the response goes on, given whether its reader takes more. */
  goesOn(takesMore: boolean): boolean {
    return takesMore || this.#isLifted;
  }

  /**
   * Has the reader take what has come, paused or not. To be called before undici learns that the socket has died.
   *
   * Undici 7 asserts then, in an event, that its parser is not paused, so that the process would end (undici #5360; undici
   * 8 does the same as this); and a response that has come whole would count as cut.
   */
  lift(socket: Socket): void {
    // Nothing has come; undici may send the request on another socket.
    if (this.#resume === null) return;
    this.#isLifted = true;
    // Undici's parser resumes only while the socket seems to live.
    Object.defineProperty(socket, "destroyed", { configurable: true, value: false });
    this.#resume();
    delete (socket as { destroyed?: boolean }).destroyed;
  }
}
