import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";

import type { ClaimOptions, IdempotencyStore } from "@reissue/core";

/** The arguments of a handler in every framework: request and response of node:http. */
export interface AdapterCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A case's options of keys, for the adapter's option `idempotency`. */
export interface AdapterIdempotency extends ClaimOptions {
  readonly scope:
    | "shared"
    | ((frameworkContext: { readonly headers: IncomingHttpHeaders }) => string);
  readonly maxBodyBytes?: number;
  readonly maxAnswerBytes?: number;
}

/** A service with one route for every method and path; other options have their defaults. */
export interface AdapterService {
  readonly idempotency: AdapterIdempotency;
  /** Options of the route. */
  readonly route: { readonly timeoutMs?: number };
  /**
   * The handler. Returns the body of the response, a string or a Buffer, or null where it has written the response itself;
   * its exceptions must reach the adapter, as those of the framework's own handlers do.
   */
  readonly run: (call: AdapterCall) => unknown;
}

/** A running service. */
export interface StartedService {
  /** The origin, such as `http://127.0.0.1:40123`. */
  readonly origin: string;
  /** Closes the service and its connections. */
  close(): Promise<void>;
}

/** The environment in which an adapter is tested, or a store through an adapter. */
export interface AdapterHarness {
  /** The store of the records. */
  readonly store: IdempotencyStore;
  /** Starts a service on a free port of this machine, in this process. */
  start(service: AdapterService): Promise<StartedService>;
}

/** One requirement of adapters and stores; throws an `AssertionError` where they do not meet it. */
export interface AdapterCase {
  readonly name: string;
  run(harness: AdapterHarness): Promise<void>;
}
