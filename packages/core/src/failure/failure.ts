/** Where on its way a request was when it failed. */
export type Phase =
  | "dns"
  | "connect"
  | "tls"
  | "pool"
  | "request"
  | "response-headers"
  | "response-body"
  | "unknown";

/**
 * What is known of a failed request's fate, from the strongest safety to the weakest.
 *
 * - `unsent`: it provably never reached the application; any method may be sent again.
 * - `stale`: written on a connection that had already served a request and died before any response byte, within about
 *   one round trip of the write.
 * - `unknown`: written, and nobody can say whether it was processed.
 * - `delivered`: the caller has been given response headers or bytes; never sent again.
 */
export type Delivery = "unsent" | "stale" | "unknown" | "delivered";

/** What went wrong, in one word; `unknown` is everything that is not a transport failure. */
export type FailureKind =
  | "dns"
  | "refused"
  | "unroutable"
  | "local"
  | "certificate"
  | "tls"
  | "reset"
  | "incomplete"
  | "timeout"
  | "protocol"
  | "refused-stream"
  | "pool"
  | "aborted"
  | "unknown";

/** A proxy error type of RFC 9209 §2.3, as sent in Proxy-Status. */
export type ProxyErrorType =
  | "dns_timeout"
  | "dns_error"
  | "destination_ip_unroutable"
  | "connection_refused"
  | "connection_terminated"
  | "connection_timeout"
  | "connection_read_timeout"
  | "connection_write_timeout"
  | "connection_limit_reached"
  | "tls_protocol_error"
  | "tls_certificate_error"
  | "http_response_incomplete"
  | "http_response_timeout"
  | "http_protocol_error"
  | "proxy_internal_error";

/** A thrown value, classified. Plain data: safe to log, to publish and to compare. */
export interface Failure {
  readonly kind: FailureKind;
  readonly phase: Phase;
  readonly delivery: Delivery;
  /** The gateway status it maps to; null when nothing is to be sent (the caller left) or it is no transport failure. */
  readonly status: 502 | 503 | 504 | null;
  /** RFC 9209 proxy error type; null with `aborted` and `unknown`. */
  readonly token: ProxyErrorType | null;
  /** Whether waiting may help: false for a bad certificate or an unknown host. */
  readonly transient: boolean;
  /** The stable error code that decided, such as `ECONNRESET`; null where the shape had none. */
  readonly code: string | null;
}

/**
 * What the sender knows beyond the error itself; every field is optional and narrows the answer.
 *
 * An error alone cannot tell a stale socket from a crashed upstream: reuse, writing and the first byte are facts of
 * the connection.
 */
export interface Evidence {
  /** False: the request was never handed to a socket, whatever the error says. */
  readonly written?: boolean | undefined;
  /** True: the connection it was written on had already served a request. */
  readonly reused?: boolean | undefined;
  /** True: at least one byte of the response had come. */
  readonly responseStarted?: boolean | undefined;
  /** How long after the write the connection itself died, in ms; a reset HTTP/2 stream is no death of its connection. */
  readonly diedAfterMs?: number | undefined;
  /**
   * True: the death was seen in the first turn of the sender's event loop after the write. Where the loop was held up,
   * `diedAfterMs` then tells for how long, and not when the connection died.
   */
  readonly seenAtOnce?: boolean | undefined;
  /** The connection's round trip as measured, in ms. */
  readonly roundTripMs?: number | undefined;
  /** True: the caller has been given response headers or bytes. False: it provably has not. */
  readonly delivered?: boolean | undefined;
  /** True: the caller's own abort ended it. */
  readonly aborted?: boolean | undefined;
  /** True: a timer of the caller's ended it, whatever the error looks like. */
  readonly timedOut?: boolean | undefined;
  /** The phase, where the sender knows it better than the error does. */
  readonly phase?: Phase | undefined;
}
