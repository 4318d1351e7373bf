import type { ReadableStreamBYOBRequest, UnderlyingByteSource } from "node:stream/web";

/**
 * Bytes that have come but have not been read above which the response is paused: twice what a socket yields at once.
 */
const maxQueuedBytes = 131_072;

/** Owner of a {@link ResponseBody}, from which its bytes come. */
export interface BodyOwner {
  /** Resumes the response, after {@link ResponseBody.push} has returned false. */
  resume(): void;
  /** Ends the call, since the reader has cancelled the body. */
  cancel(reason: unknown): void;
  /** Called once the stream has ended or failed, and is final. */
  onSettled(): void;
}

/**
 * Bytes of a response between the socket and the stream that the caller reads.
 *
 * Bytes are queued here, not in the stream, so that the end is known to be read, not only to have come: until then an
 * abort fails the stream, as with fetch.
 */
export class ResponseBody implements UnderlyingByteSource {
  readonly type = "bytes";
  readonly #owner: BodyOwner;
  readonly #chunks: Uint8Array[] = [];
  #next = 0;
  #queuedBytes = 0;
  #hasEnded = false;
  #isSettled = false;
  #failure: { readonly error: unknown } | null = null;
  #isWanted = false;
  /** Bytes that have come. */
  bytes = 0;
  #controller: ReadableByteStreamController | null = null;

  constructor(owner: BodyOwner) {
    this.#owner = owner;
  }

  /** Whether all bytes have come. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Queues bytes; false pauses until {@link BodyOwner.resume}. */
  push(chunk: Uint8Array): boolean {
    if (this.#isSettled || chunk.length === 0) return true;
    this.#chunks.push(chunk);
    this.bytes += chunk.length;
    this.#queuedBytes += chunk.length;
    if (this.#isWanted) this.#give();
    return this.#queuedBytes < maxQueuedBytes;
  }

  /** Ends the body, since all bytes have come. */
  end(): void {
    this.#hasEnded = true;
    if (this.#isWanted) this.#give();
  }

  /** Fails the stream, unless its end has been read. */
  fail(error: unknown): void {
    if (this.#isSettled) return;
    this.#failure = { error };
    this.#controller?.error(error);
    this.#settle();
  }

  start(controller: ReadableByteStreamController): void {
    this.#controller = controller;
    if (this.#failure !== null) controller.error(this.#failure.error);
  }

  pull(): void {
    this.#isWanted = true;
    this.#give();
  }

  cancel(reason: unknown): void {
    this.#settle();
    this.#owner.cancel(reason);
  }

  #give(): void {
    const controller = this.#controller;
    if (controller === null || this.#isSettled) return;
    const chunk = this.#chunks[this.#next];
    if (chunk !== undefined) {
      this.#forget(chunk);
      this.#isWanted = false;
      // Copied, since the stream transfers the whole buffer, from which the parser still cuts chunks.
      controller.enqueue(new Uint8Array(chunk));
      if (!this.#hasEnded) this.#owner.resume();
    } else if (this.#hasEnded) {
      // Not together with the last chunk: a reader gets the error of an abort in between.
      this.#close(controller);
    }
  }

  #forget(chunk: Uint8Array): void {
    this.#queuedBytes -= chunk.length;
    this.#next += 1;
    if (this.#next < this.#chunks.length) return;
    this.#chunks.length = 0;
    this.#next = 0;
  }

  #close(controller: ReadableByteStreamController): void {
    this.#settle();
    controller.close();
    // A pending read with its own buffer would wait for ever.
    (controller.byobRequest as ReadableStreamBYOBRequest | undefined | null)?.respond(0);
  }

  #settle(): void {
    this.#isSettled = true;
    this.#chunks.length = 0;
    this.#owner.onSettled();
  }
}
