import type { ConnectionOptions } from "node:tls";

import type { CallRetryOptions, Clock, RetryOptions, ValidateOption } from "@reissue/core";

/** Options of every origin, or of one; those of one take precedence. */
export interface ConnectionSettings {
  /** When, how often and how long requests are resent; see RetryPolicy for units and defaults. */
  readonly retry?: RetryOptions | undefined;
  /**
   * Maximum number of connections to an origin, idle and busy; requests beyond it wait in line.
   *
   * @defaultValue Infinity, as undici's Pool
   */
  readonly connections?: number | undefined;
  /**
   * How long a connection may stay idle, in ms; a server's Keep-Alive hint, and the learned limit, only lower it.
   *
   * @defaultValue 4000: under the 5 s of Node's and Apache's servers, the shortest common ones
   */
  readonly idleMs?: number | undefined;
  /**
   * How long a connection may have been idle and still carry a request that must not be resent, in ms.
   *
   * @defaultValue 1000
   */
  readonly unsafeIdleMs?: number | undefined;
  /**
   * Responses of a declared length up to this many bytes are held until they are complete, for requests that are
   * retry-safe.
   *
   * @defaultValue 65536
   */
  readonly holdBytes?: number | undefined;
  /**
   * How long a response may be silent between two chunks of its body, in ms; 0 or Infinity for ever. A caller that takes
   * nothing more, or pauses, is not counted against it.
   *
   * @defaultValue 300000, as undici
   */
  readonly bodyTimeoutMs?: number | undefined;
  /**
   * How long connecting may take, TLS included, in ms.
   *
   * @defaultValue 10000, as undici
   */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Maximum number of requests that wait for the present probe of an origin that has been down for longer than
   * `retry.unsentWindowMs`; others fail immediately. Each waits for at most `unsentWindowMs`, within its own deadline.
   *
   * @defaultValue 1024: more than one process sends in the time that connecting takes, and a few MB if each is waited
   *   for
   */
  readonly maxWaitingForProbe?: number | undefined;
  /**
   * Whether HTTP/2 is offered over TLS, one request at a time on each connection. Request headers about one connection,
   * such as `te: gzip`, are then left out (RFC 9113 §8.2.2).
   *
   * @defaultValue false
   */
  readonly allowH2?: boolean | undefined;
  /** Options for `tls.connect`, such as `ca`, `cert`, `key` and `servername`. */
  readonly tls?: ConnectionOptions | undefined;
}

/** Options of one route of an origin. */
export interface OriginRouteOptions extends CallRetryOptions {
  /**
   * The step of calls that name none, for a route that one inbound request calls once; see `idempotencyKey: "derive"`.
   *
   * @defaultValue none
   */
  readonly step?: string | undefined;
  /** How long responses of this route may be silent; see {@link ConnectionSettings.bodyTimeoutMs}. */
  readonly bodyTimeoutMs?: number | undefined;
}

/** Options of one origin. */
export interface OriginOptions extends ConnectionSettings {
  /**
   * Address that connections go to in place of the origin's own: `host:port`, or the absolute path of a Unix socket.
   * Host header, TLS server name, routes, statistics and errors stay the origin's.
   *
   * @defaultValue the origin's host and port
   * @example
   * ```js
   * { "http://orders:3000": { connectTo: "/run/orders.sock" } }
   * ```
   */
  readonly connectTo?: string | undefined;
  /**
   * Declares that this origin honours Idempotency-Key: unsafe calls without a key get one that all their attempts
   * share.
   *
   * - `derive`: one derived from the inbound request's scope and key, and from origin, method and step of the call; a
   *   random one where it has none. Calls of a bound client have to name their step, or their route does.
   * - `forward`: the inbound request's key, exactly as its client sent it; a random one where it has none.
   *
   * Forward only to an origin that distinguishes your callers by something else that you send. Under one credential
   * that all of them share, two tenants who choose the same key collide, and the second may get the first one's
   * response; and a handler that makes two unsafe calls there sends the same key with both.
   */
  readonly idempotencyKey?: "derive" | "forward" | undefined;
  /**
   * Options of single routes, by `METHOD /path`; `:name` stands for one segment, a last `*` for the rest.
   *
   * @example
   * ```js
   * { "POST /orders/:id/confirm": { retryOn: ["reset"] } }
   * ```
   */
  readonly routes?: Readonly<Record<string, OriginRouteOptions>> | undefined;
}

/** Options of {@link createUpstream}. */
export interface UpstreamOptions extends ConnectionSettings {
  /** Options of single origins, by URL origin such as `http://orders:3000`. */
  readonly origins?: Readonly<Record<string, OriginOptions>> | undefined;
  /** Limits on the records of streamed request bodies. */
  readonly bodies?:
    | {
        /** For one request, in bytes. @defaultValue 1048576, as gRPC's per-call buffer (A6) */
        readonly maxBytes?: number | undefined;
        /** For all requests together, in bytes. @defaultValue 16777216, as gRPC's total (A6) */
        readonly maxBytesTotal?: number | undefined;
      }
    | undefined;
  /**
   * Whether misuse of the client is told by a process warning; or which checks are off.
   *
   * @defaultValue true
   */
  readonly validate?: ValidateOption | undefined;
  /** Clock and random numbers; tests pass their own. */
  readonly clock?: Clock | undefined;
}
