import type { Duplex } from "node:stream";

import { errors, util, type Dispatcher } from "undici";

import type { RawHeaders } from "./raw-headers.ts";

/**
 * Who the response is given to: undici 7's inner handler interface.
 *
 * It is the older of its two, takes headers unparsed, and is what `undici.request`, `fetch` and the parser itself
 * still speak, so that nothing on the way of an ordinary request is converted (docs/decisions/0002).
 */
export interface ResponseHandler {
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
 * Takes a handler of either style.
 *
 * @throws InvalidArgumentError where it cannot take what the request asks for, as in undici.
 */
export function responseHandler(
  handler: Dispatcher.DispatchHandler,
  { method, upgrade }: Pick<Dispatcher.DispatchOptions, "method" | "upgrade">,
): ResponseHandler {
  const isNewer = handler.onRequestStart !== undefined;
  const asksForSocket = method === "CONNECT" || Boolean(upgrade);
  if (asksForSocket && !((isNewer ? "onRequestUpgrade" : "onUpgrade") in handler)) {
    throw new errors.InvalidArgumentError("invalid onUpgrade method");
  }
  if (isNewer) return new ControllerHandler(handler);
  if (handler.onError === undefined)
    throw new errors.InvalidArgumentError("invalid onError method");
  return handler as unknown as ResponseHandler;
}

/** Speaks to a handler of the newer style, which is given a controller and parsed headers. */
class ControllerHandler implements ResponseHandler, Dispatcher.DispatchController {
  readonly #handler: Dispatcher.DispatchHandler;
  #abort: ((reason?: Error) => void) | null = null;
  #resume: (() => void) | null = null;
  aborted = false;
  paused = false;
  reason: Error | null = null;
  rawHeaders: Buffer[] | null = null;
  rawTrailers: Buffer[] | null = null;

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler;
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
  return util.parseHeaders(headers as Buffer[]);
}
