import type { Connection, Exchange } from "./http/connection.ts";
import { encodeResponse, type EncodedResponse } from "./http/encoded-response.ts";
import type { UpstreamResponse } from "./http/response.ts";
import type { UpstreamSettings } from "./upstream-options.ts";

/** Responses of an upstream: creates the one to each request, and sends it. */
export class Responder {
  readonly #keepAliveHint: string | undefined;
  #respond: UpstreamSettings["respond"];
  /** The encoded response, while it is the same for all requests. */
  #constant: EncodedResponse | null = null;

  constructor({ respond, keepAliveHint }: UpstreamSettings) {
    this.#respond = respond;
    this.#keepAliveHint = keepAliveHint;
  }

  /** Replaces the response, or the function that creates one. */
  set(respond: UpstreamSettings["respond"]): void {
    this.#respond = respond;
    this.#constant = null;
  }

  /** Calls `use` with the response to a request. */
  respond(exchange: Exchange, use: (response: UpstreamResponse) => void): void {
    const respond = this.#respond;
    if (typeof respond !== "function") return use(respond);
    // An exception is a mistake of the test's: it must be visible, and the connection must not hang.
    const fail = (error: unknown): void =>
      use({ status: 500, body: `options.respond threw: ${String(error)}` });
    try {
      const result = respond(exchange.request);
      if (result instanceof Promise) result.then(use).catch(fail);
      else use(result);
    } catch (error) {
      fail(error);
    }
  }

  /** Writes a complete response. */
  send(connection: Connection, exchange: Exchange, response: UpstreamResponse): void {
    const encoded = this.#encode(response, exchange);
    connection.later(encoded.delayMs, () => {
      connection.write(encoded.wire);
      connection.complete(encoded.close);
    });
  }

  #encode(response: UpstreamResponse, exchange: Exchange): EncodedResponse {
    const isShared =
      response === this.#respond && exchange.keepAlive && exchange.request.method !== "HEAD";
    if (isShared && this.#constant !== null) return this.#constant;
    const encoded = encodeResponse(response, {
      method: exchange.request.method,
      close: !exchange.keepAlive,
      keepAliveHint: this.#keepAliveHint,
    });
    if (isShared) this.#constant = encoded;
    return encoded;
  }
}
