import { finished } from "node:stream";

import { Source, type Chunk } from "./source.ts";

/** What all Node streams can do, those older than `Readable` too, as `form-data` still is. */
export interface NodeStream extends NodeJS.ReadableStream {
  destroy?(): void;
}

/** A read that waits for its chunk. */
interface Waiting {
  resolve(result: IteratorResult<Chunk, unknown>): void;
  reject(error: unknown): void;
}

/**
 * A Node stream, read by its events: old-style streams have nothing else, and an iterator would destroy it at the end.
 *
 * It listens for an error from the start, since one that nobody hears ends the process.
 */
export class NodeSource extends Source {
  readonly #stream: NodeStream;
  readonly #unwatch: () => void;
  /** What came before it was asked for: the chunk that had the stream paused, or more of a stream that cannot pause. */
  readonly #early: Chunk[] = [];
  #begun = false;
  #paused = false;
  #end: { readonly error: unknown } | null = null;
  #waiting: Waiting | null = null;

  constructor(stream: NodeStream) {
    super();
    this.#stream = stream;
    this.#unwatch = finished(stream, { writable: false }, (error) => this.#finish(error ?? null));
  }

  read(): Promise<IteratorResult<Chunk, unknown>> {
    return new Promise((resolve, reject) => {
      const value = this.#early.shift();
      if (value !== undefined) return resolve({ done: false, value });
      this.#waiting = { resolve, reject };
      if (this.#end !== null) return this.#settle(this.#end);
      if (!this.#begun) this.#begin();
      else if (this.#paused) this.#resume();
    });
  }

  close(): void {
    if (this.#end !== null) return;
    this.#end = { error: null };
    this.#stream.off("data", this.#onData).off("end", this.#onEnd);
    if (isInbound(this.#stream)) {
      // Destroyed, it would take along the socket that its answer is still to be written to. What is left of it is read
      // for nobody, as Node does with one that was never read, or the next request on that socket would wait for ever.
      this.#unwatch();
      if (this.#begun) this.#stream.resume();
    } else if (typeof this.#stream.destroy === "function") {
      this.#stream.destroy();
    } else {
      this.#stream.pause();
    }
  }

  #begin(): void {
    this.#begun = true;
    this.#stream.on("data", this.#onData).on("end", this.#onEnd);
    this.#resume();
  }

  #resume(): void {
    this.#paused = false;
    this.#stream.resume();
  }

  readonly #onData = (chunk: Chunk): void => {
    if (this.#waiting !== null) {
      this.#waiting.resolve({ done: false, value: chunk });
      this.#waiting = null;
      return;
    }
    this.#early.push(chunk);
    this.#paused = true;
    this.#stream.pause();
  };

  /** Earlier than {@link finished}, which waits until the stream is closed too. */
  readonly #onEnd = (): void => this.#finish(null);

  #finish(error: unknown): void {
    this.#end ??= { error };
    this.#settle(this.#end);
  }

  #settle(end: { readonly error: unknown }): void {
    if (end.error === null) this.#waiting?.resolve({ done: true, value: undefined });
    else this.#waiting?.reject(end.error);
    this.#waiting = null;
  }
}

/** Whether a value is a Node stream, by undici's own measure. */
export function isNodeStream(value: object): value is NodeStream {
  return (
    "pipe" in value &&
    typeof value.pipe === "function" &&
    "on" in value &&
    typeof value.on === "function"
  );
}

/** Whether a stream is a request that a server here has yet to answer, of node:http, node:http2 or an injected one. */
function isInbound(stream: object): boolean {
  return "headers" in stream && "method" in stream && typeof stream.method === "string";
}
