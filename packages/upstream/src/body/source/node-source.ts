import { finished } from "node:stream";

import { Source, type Chunk } from "./source.ts";

/** Interface of all Node streams, including those older than `Readable`, such as `form-data`. */
export interface NodeStream extends NodeJS.ReadableStream {
  destroy?(): void;
}

/** Pending read. */
interface Waiting {
  resolve(result: IteratorResult<Chunk, unknown>): void;
  reject(error: unknown): void;
}

/**
 * Source over a Node stream, read by its events: old-style streams have nothing else, and an iterator would destroy the
 * stream at the end.
 *
 * Listens for errors from the start, since an unhandled error event ends the process.
 */
export class NodeSource extends Source {
  readonly #stream: NodeStream;
  readonly #unwatch: () => void;
  /**
   * Chunks that arrived before they were read: the one that made the stream pause, or more from a stream that cannot
   * pause.
   */
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
      // Destroying it would close the socket that its response is still written to. The rest of the body is read and
      // dropped, as Node does with an unread body; otherwise the next request on that socket would wait for ever.
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

  /** Fires before {@link finished}, which also waits until the stream is closed. */
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

/** Whether a value is a Node stream, by undici's own test. */
export function isNodeStream(value: object): value is NodeStream {
  return (
    "pipe" in value &&
    typeof value.pipe === "function" &&
    "on" in value &&
    typeof value.on === "function"
  );
}

/** Whether a stream is an inbound request of node:http, node:http2 or an injected one. */
function isInbound(stream: object): boolean {
  return "headers" in stream && "method" in stream && typeof stream.method === "string";
}
