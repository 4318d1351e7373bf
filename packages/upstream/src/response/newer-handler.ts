import type { IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";

import type { Dispatcher } from "undici";

import type { RawHeaders } from "../headers/raw-headers.ts";
import type { ResponseHandler } from "./response-handler.ts";

type Controller = Dispatcher.DispatchController;

/** Headers as undici 8 gives them: raw from its HTTP/1.1 parser, as Node's record under HTTP/2. */
type GivenHeaders = RawHeaders | IncomingHttpHeaders | null | undefined;

/**
 * Adapter from the newer of undici's two interfaces to a {@link ResponseHandler}, for undici 8, which has only the newer
 * one. Undici 7 needs no adapter (docs/decisions/0002).
 */
export class NewerHandler {
  readonly #handler: ResponseHandler;

  constructor(handler: ResponseHandler) {
    this.#handler = handler;
  }

  onRequestStart(controller: Controller): void {
    this.#handler.onConnect((reason) => controller.abort(reason as Error));
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

  onResponseStart(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    statusText = "",
  ): void {
    const raw = rawOf(controller.rawHeaders ?? headers);
    const resume = (): void => controller.resume();
    if (this.#handler.onHeaders(status, raw, resume, statusText) === false) controller.pause();
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#handler.onData(chunk) === false) controller.pause();
  }

  onResponseEnd(controller: Controller, trailers: IncomingHttpHeaders): void {
    this.#handler.onComplete(rawOf(controller.rawTrailers ?? trailers));
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    this.#handler.onError(error);
  }

  onRequestUpgrade(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    socket: Duplex,
  ): void {
    this.#handler.onUpgrade?.(status, rawOf(controller.rawHeaders ?? headers), socket);
  }
}

function rawOf(given: Controller["rawHeaders"] | GivenHeaders): RawHeaders {
  if (Array.isArray(given)) return given as RawHeaders;
  const raw: Buffer[] = [];
  for (const [name, values] of Object.entries((given ?? {}) as IncomingHttpHeaders)) {
    for (const value of Array.isArray(values) ? values : [String(values)]) {
      raw.push(Buffer.from(name, "latin1"), Buffer.from(value, "latin1"));
    }
  }
  return raw;
}
