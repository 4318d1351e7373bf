import type { Duplex } from "node:stream";

import type { Dispatcher } from "undici";

import { isNewerStyle, wrongMethod } from "./handler-methods.ts";
import type { RawHeaders } from "../headers/raw-headers.ts";
import type { ProgressHandler } from "./progress-handler.ts";
import { undici } from "../undici.ts";

/**
 * Receiver of a response: the older of undici 7's two handler interfaces.
 *
 * It takes unparsed headers, and undici 7's `request`, `fetch` and parser use it, so nothing is converted for an
 * ordinary request. Undici 8 has only the newer one: see `NewerHandler` (docs/decisions/0002).
 */
export interface ResponseHandler extends ProgressHandler {
  onConnect(abort: (reason?: Error) => void): void;
  /** False pauses, until `resume` is called. */
  onHeaders(
    status: number,
    headers: RawHeaders,
    resume: () => void,
    statusText: string,
  ): boolean | void;
  /** False pauses. */
  onData(chunk: Buffer): boolean | void;
  onComplete(trailers: RawHeaders): void;
  onError(error: Error): void;
  onUpgrade?(status: number, headers: RawHeaders, socket: Duplex): void;
}

/**
 * Adapts a handler of either interface.
 *
 * @throws InvalidArgumentError for a handler that undici would find incomplete, now or when it calls the method.
 */
export function responseHandler(
  handler: Dispatcher.DispatchHandler,
  { method, upgrade }: Pick<Dispatcher.DispatchOptions, "method" | "upgrade">,
): ResponseHandler {
  if (typeof handler !== "object" || handler === null) {
    throw new (undici().errors.InvalidArgumentError)("handler must be an object");
  }
  const asksForSocket = method === "CONNECT" || Boolean(upgrade);
  const wrong = wrongMethod(handler, asksForSocket);
  if (wrong !== null) throw new (undici().errors.InvalidArgumentError)(`invalid ${wrong} method`);
  return isNewerStyle(handler)
    ? new ControllerHandler(handler)
    : (handler as unknown as ResponseHandler);
}

/**
 * Tells a handler that its request was refused before it began.
 *
 * As in undici, a request that never began has no controller.
 *
 * @throws the error itself, where the handler has no method for it.
 */
export function refuse(handler: Dispatcher.DispatchHandler | null | undefined, error: Error): void {
  // Some of undici's handlers have both interfaces.
  const isNewer = handler !== null && handler !== undefined && isNewerStyle(handler);
  const older = handler as unknown as Partial<ResponseHandler> | null | undefined;
  if (isNewer && typeof handler.onResponseError === "function") {
    handler.onResponseError(null as never, error);
  } else if (!isNewer && typeof older?.onError === "function") {
    older.onError(error);
  } else {
    throw error;
  }
}

/** Adapter to a handler of the newer interface, which takes a controller and parsed headers. */
class ControllerHandler implements ResponseHandler, Dispatcher.DispatchController {
  readonly #handler: Dispatcher.DispatchHandler & ProgressHandler;
  #abort: ((reason?: Error) => void) | null = null;
  #resume: (() => void) | null = null;
  aborted = false;
  paused = false;
  reason: Error | null = null;
  rawHeaders: Buffer[] | null = null;
  rawTrailers: Buffer[] | null = null;

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler as Dispatcher.DispatchHandler & ProgressHandler;
  }

  abort(reason: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.#abort?.(reason);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#resume?.();
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort;
    this.#handler.onRequestStart?.(this, {});
  }

  onBodySent(chunk: Uint8Array | string): void {
    this.#handler.onBodySent?.(chunk);
  }

  onRequestSent(): void {
    this.#handler.onRequestSent?.();
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onHeaders(status: number, headers: RawHeaders, resume: () => void, statusText: string): boolean {
    this.#resume = resume;
    this.rawHeaders = headers as Buffer[];
    this.#handler.onResponseStart?.(this, status, parse(headers), statusText);
    return !this.paused;
  }

  onData(chunk: Buffer): boolean {
    this.#handler.onResponseData?.(this, chunk);
    return !this.paused;
  }

  onComplete(trailers: RawHeaders): void {
    this.rawTrailers = trailers as Buffer[];
    this.#handler.onResponseEnd?.(this, parse(trailers));
  }

  onError(error: Error): void {
    this.#handler.onResponseError?.(this, error);
  }

  onUpgrade(status: number, headers: RawHeaders, socket: Duplex): void {
    this.rawHeaders = headers as Buffer[];
    this.#handler.onRequestUpgrade?.(this, status, parse(headers), socket);
  }
}

function parse(headers: RawHeaders): Record<string, string | string[]> {
  return undici().util.parseHeaders(headers as Buffer[]);
}
