import type { ReadableStreamBYOBRequest, UnderlyingByteSource } from "node:stream/web";

/** What has come and has not been read above which no more is taken, in bytes: twice what a socket gives at once. */
const maxQueuedBytes = 131_072;

/** Where the bytes come from. */
export interface BodyOwner {
  /** Goes on, after {@link ResponseBody.push} has returned false. */
  resume(): void;
  /** Ends the call: the reader wants no more. */
  cancel(reason: unknown): void;
  /** Takes note that the stream has come to its end, or failed: nothing can happen to it any more. */
  onSettled(): void;
}

/**
 * The bytes of a response between the socket and the stream that its caller reads.
 *
 * They wait here and not in the stream, so that its end is known to be read and not only to have come: until then an
 * abort fails the stream, as fetch has it.
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
  /** How many have come. */
  bytes = 0;
  #controller: ReadableByteStreamController | null = null;

  constructor(owner: BodyOwner) {
    this.#owner = owner;
  }

  /** Whether all of it has come. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Takes bytes; false asks for no more until {@link BodyOwner.resume}. */
  push(chunk: Uint8Array): boolean {
    if (this.#isSettled || chunk.length === 0) return true;
    this.#chunks.push(chunk);
    this.bytes += chunk.length;
    this.#queuedBytes += chunk.length;
    if (this.#isWanted) this.#give();
    return this.#queuedBytes < maxQueuedBytes;
  }

  /** Takes note that all has come. */
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
      // A copy: the stream takes the whole buffer for its own, which the parser still cuts chunks from.
      controller.enqueue(new Uint8Array(chunk));
      if (!this.#hasEnded) this.#owner.resume();
    } else if (this.#hasEnded) {
      // Not with the last chunk: who reads on is told of an abort that comes in between.
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
    // A reader that brought its own buffer still waits for it.
    (controller.byobRequest as ReadableStreamBYOBRequest | undefined | null)?.respond(0);
  }

  #settle(): void {
    this.#isSettled = true;
    this.#chunks.length = 0;
    this.#owner.onSettled();
  }
}
