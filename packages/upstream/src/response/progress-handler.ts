/** Optional methods of a handler of either interface, called for each attempt. */
export interface ProgressHandler {
  /** Called when a chunk of the request body has been written. */
  onBodySent?(chunk: Uint8Array | string): void;
  /** Called when the whole request has been written. */
  onRequestSent?(): void;
  /** Called at the first byte of a response, an informational one included. */
  onResponseStarted?(): void;
}

/** Name of a method of {@link ProgressHandler}. */
export type ProgressStep = keyof ProgressHandler;
