import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";

import type { ClaimOptions, IdempotencyStore } from "@reissue/core";

/** What a handler is given of a request, whichever framework carries it: node:http's own two. */
export interface AdapterCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What a case says of keys; it goes to the adapter as its option `idempotency`. */
export interface AdapterIdempotency extends ClaimOptions {
  readonly scope: "shared" | ((carrier: { readonly headers: IncomingHttpHeaders }) => string);
  readonly maxBodyBytes?: number;
  readonly maxAnswerBytes?: number;
}

/** A service of one route, which takes every method and path; what is not said is left at its default. */
export interface AdapterService {
  readonly idempotency: AdapterIdempotency;
  /** What the route says of itself. */
  readonly route: { readonly timeoutMs?: number };
  /**
   * The handler. It gives the body of the answer, a string or a Buffer, or null where it has written on the response
   * itself; what it throws is to reach the adapter, as an error that the framework's own handlers throw does.
   */
  readonly run: (call: AdapterCall) => unknown;
}

/** A service that listens. */
export interface StartedService {
  /** Where it listens, such as `http://127.0.0.1:40123`. */
  readonly origin: string;
  /** Ends it, with the connections that it has. */
  close(): Promise<void>;
}

/** What an adapter is tested in, or a store through one. */
export interface AdapterHarness {
  /** Where records are kept. */
  readonly store: IdempotencyStore;
  /** Starts a service on a free port of this machine, in this process. */
  start(service: AdapterService): Promise<StartedService>;
}

/** One thing that every adapter does with every store; it throws an `AssertionError` where they do not. */
export interface AdapterCase {
  readonly name: string;
  run(harness: AdapterHarness): Promise<void>;
}
