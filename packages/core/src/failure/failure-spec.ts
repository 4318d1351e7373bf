import type { Delivery, Failure, FailureKind, Phase, ProxyErrorType } from "./failure.ts";

/**
 * Row of the table of failures: what went wrong, and how far the request had come.
 *
 * Everything else follows from these two: see {@link failureOf}.
 */
export interface FailureSpec {
  readonly kind: FailureKind;
  readonly phase: Phase;
  /** Where it differs from what its kind says. */
  readonly transient?: boolean;
  /** Where it differs from what its kind says. */
  readonly token?: ProxyErrorType;
  /** Where it differs from what its phase says. */
  readonly delivery?: Delivery;
  /** Whether it is more specific than the error's cause. */
  readonly overCause?: boolean;
}

/** All rows, by name; the tables of codes, messages and names refer to them. */
export const failureSpecs = {
  unknownHost: { kind: "dns", phase: "dns", transient: false },
  resolver: { kind: "dns", phase: "dns" },
  resolverTimeout: { kind: "timeout", phase: "dns" },

  refused: { kind: "refused", phase: "connect" },
  unroutable: { kind: "unroutable", phase: "connect" },
  local: { kind: "local", phase: "connect" },
  connectReset: { kind: "reset", phase: "connect" },
  connectTimeout: { kind: "timeout", phase: "connect" },
  /** Undici's single timer for connecting and the handshake; see {@link failureSpecs.handshakeTimeout}. */
  openTimeout: { kind: "timeout", phase: "connect", delivery: "unknown" },
  /** pg-pool's timer destroys the connection, so the cause looks like a reset. */
  poolConnectTimeout: { kind: "timeout", phase: "connect", overCause: true },

  certificate: { kind: "certificate", phase: "tls" },
  handshake: { kind: "tls", phase: "tls" },
  handshakeReset: { kind: "reset", phase: "tls" },
  // These, and undici's timer above, also occurred where a server might have processed the request: the error alone is
  // no proof. A sender that knows that nothing was written says so by evidence.
  handshakeTimeout: { kind: "timeout", phase: "tls", delivery: "unknown" },
  untrustedChain: { kind: "certificate", phase: "tls", delivery: "unknown" },
  /** TLS error that can also come after the handshake, when the request has been written. */
  lateTls: { kind: "tls", phase: "request" },

  noConnection: { kind: "pool", phase: "pool" },
  /** A pool that will not open again. */
  closed: { kind: "pool", phase: "pool", transient: false },
  /** Connection that was known to be dead before anything was written. */
  deadConnection: { kind: "reset", phase: "pool" },
  /** Pool that was destroyed, under requests that it may have written already. */
  destroyed: { kind: "pool", phase: "request" },
  /** Pool that was destroyed and will not open again. */
  torn: { kind: "pool", phase: "request", transient: false },

  refusedStream: { kind: "refused-stream", phase: "request" },
  reset: { kind: "reset", phase: "request" },
  responseTimeout: { kind: "timeout", phase: "response-headers" },
  badResponse: { kind: "protocol", phase: "response-headers" },

  badBody: { kind: "protocol", phase: "response-body" },
  bodyTimeout: { kind: "timeout", phase: "response-body" },
  cut: { kind: "incomplete", phase: "response-body" },
  /** Cut that the parser noticed: the body was shorter than its framing declared. */
  cutFraming: { kind: "incomplete", phase: "response-body", token: "http_protocol_error" },

  aborted: { kind: "aborted", phase: "unknown" },
  unknown: { kind: "unknown", phase: "unknown" },
} as const;

interface GatewayResponse {
  readonly status: Failure["status"];
  /** RFC 9209 §2.3. */
  readonly token: ProxyErrorType | null;
  readonly transient: boolean;
}

const responses: Record<Exclude<FailureKind, "timeout">, GatewayResponse> = {
  dns: { status: 502, token: "dns_error", transient: true },
  refused: { status: 502, token: "connection_refused", transient: true },
  unroutable: { status: 502, token: "destination_ip_unroutable", transient: true },
  local: { status: 503, token: "proxy_internal_error", transient: true },
  certificate: { status: 502, token: "tls_certificate_error", transient: false },
  tls: { status: 502, token: "tls_protocol_error", transient: false },
  reset: { status: 502, token: "connection_terminated", transient: true },
  incomplete: { status: 502, token: "http_response_incomplete", transient: true },
  protocol: { status: 502, token: "http_protocol_error", transient: false },
  "refused-stream": { status: 502, token: "connection_terminated", transient: true },
  pool: { status: 503, token: "connection_limit_reached", transient: true },
  aborted: { status: null, token: null, transient: false },
  unknown: { status: null, token: null, transient: false },
};

const timeoutTokens: Record<Phase, ProxyErrorType> = {
  dns: "dns_timeout",
  connect: "connection_timeout",
  tls: "connection_timeout",
  pool: "connection_timeout",
  request: "http_response_timeout",
  "response-headers": "http_response_timeout",
  "response-body": "connection_read_timeout",
  unknown: "http_response_timeout",
};

/** Whether a value is a {@link FailureKind}. */
export function isKind(value: unknown): value is FailureKind {
  return value === "timeout" || (typeof value === "string" && Object.hasOwn(responses, value));
}

/** Whether a value is a {@link Phase}. */
export function isPhase(value: unknown): value is Phase {
  return typeof value === "string" && Object.hasOwn(timeoutTokens, value);
}

/** Whether a request in this phase has provably not been written. */
export function isBeforeRequest(phase: Phase): boolean {
  return phase === "dns" || phase === "connect" || phase === "tls" || phase === "pool";
}

function deliveryOf(spec: FailureSpec): Delivery {
  if (spec.delivery !== undefined) return spec.delivery;
  // RFC 9113 §8.7: a refused stream has not been processed, though it was written.
  if (isBeforeRequest(spec.phase) || spec.kind === "refused-stream") return "unsent";
  // The careful assumption: once a body has begun, the caller may have seen the head.
  return spec.phase === "response-body" ? "delivered" : "unknown";
}

/** Creates the failure of a row. */
export function failureOf(spec: FailureSpec, code: string | null): Failure {
  const { kind, phase } = spec;
  const response: GatewayResponse =
    kind === "timeout"
      ? { status: 504, token: timeoutTokens[phase], transient: true }
      : responses[kind];
  return {
    kind,
    phase,
    delivery: deliveryOf(spec),
    status: response.status,
    token: spec.token ?? response.token,
    transient: spec.transient ?? response.transient,
    code,
  };
}
