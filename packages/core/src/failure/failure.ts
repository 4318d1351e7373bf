/** Phase in which a request failed. */
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
 * Fate of a failed request, as far as it is known, from the strongest safety to the weakest.
 *
 * - `unsent`: provably never reached the application; any method may be resent.
 * - `stale`: written on a connection that had already served a request and died before any response byte, within about
 *   one round trip of the write.
 * - `unknown`: written, and possibly processed.
 * - `delivered`: the caller has response headers or bytes; never resent.
 */
export type Delivery = "unsent" | "stale" | "unknown" | "delivered";

/** What went wrong; `unknown` is everything but a transport failure. */
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

/** Proxy error type of RFC 9209 §2.3, as sent in Proxy-Status. */
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

/** Thrown value, classified. Plain data: safe to log, to publish and to compare. */
export interface Failure {
  readonly kind: FailureKind;
  readonly phase: Phase;
  readonly delivery: Delivery;
  /**
   * Gateway status of the failure; null when nothing is to be sent (the client has disconnected) or for no transport
   * failure.
   */
  readonly status: 502 | 503 | 504 | null;
  /** RFC 9209 proxy error type; null with `aborted` and `unknown`. */
  readonly token: ProxyErrorType | null;
  /** Whether waiting may help; false for a bad certificate or an unknown host. */
  readonly transient: boolean;
  /** Stable error code that decided, such as `ECONNRESET`; null for none. */
  readonly code: string | null;
}

/**
 * Facts that the sender knows beyond the error; every field is optional, and makes the classification more precise.
 *
 * An error alone does not distinguish a stale socket from a crashed upstream: reuse, writing and the first byte are
 * facts of the connection.
 */
export interface Evidence {
  /** False: the request was never handed to a socket, whatever the error says. */
  readonly written?: boolean | undefined;
  /** True: the connection had already served a request. */
  readonly reused?: boolean | undefined;
  /** True: at least one byte of the response had come. */
  readonly responseStarted?: boolean | undefined;
  /** Time from the write to the death of the connection, in ms; a reset HTTP/2 stream is no death of its connection. */
  readonly diedAfterMs?: number | undefined;
  /**
   * True: the death was seen in the first event loop turn of the sender after the write. If the loop was blocked,
   * `diedAfterMs` is the length of the block, and not the time of the death.
   */
  readonly seenAtOnce?: boolean | undefined;
  /** Measured round trip of the connection, in ms. */
  readonly roundTripMs?: number | undefined;
  /** True: the caller has response headers or bytes. False: the caller provably has none. */
  readonly delivered?: boolean | undefined;
  /** True: the caller's abort ended the request. */
  readonly aborted?: boolean | undefined;
  /** True: a timer of the caller ended the request, whatever the error looks like. */
  readonly timedOut?: boolean | undefined;
  /** Phase, where the sender knows it better than the error. */
  readonly phase?: Phase | undefined;
}
