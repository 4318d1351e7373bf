/** What a handler of either style may be told of beside the response; each attempt tells it anew. */
export interface ProgressHandler {
  /** A chunk of the request body has been written. */
  onBodySent?(chunk: Uint8Array | string): void;
  /** The request has been written to its end. */
  onRequestSent?(): void;
  /** The first byte of a response has come, an informational one included. */
  onResponseStarted?(): void;
}

/** The name of one of them. */
export type ProgressStep = keyof ProgressHandler;
