import { failureSpecs, type FailureSpec } from "../failure-spec.ts";

/** Rows of stable codes. Messages and system calls, where they say more, are matched first. */
const codes: ReadonlyMap<string, FailureSpec> = new Map<string, FailureSpec>([
  // errno, without a system call to tell where. The weaker reading where there are two.
  ["ECONNREFUSED", failureSpecs.refused],
  ["ENETUNREACH", failureSpecs.unroutable],
  ["EHOSTUNREACH", failureSpecs.unroutable],
  ["ENETDOWN", failureSpecs.unroutable],
  ["EHOSTDOWN", failureSpecs.unroutable],
  ["EMFILE", failureSpecs.local],
  ["ENFILE", failureSpecs.local],
  ["EADDRNOTAVAIL", failureSpecs.local],
  ["ECONNRESET", failureSpecs.reset],
  ["EPIPE", failureSpecs.reset],
  ["ENOTCONN", failureSpecs.reset],
  ["ENETRESET", failureSpecs.reset],
  ["ETIMEDOUT", failureSpecs.responseTimeout],
  ["ESOCKETTIMEDOUT", failureSpecs.responseTimeout], // request
  ["EPROTO", failureSpecs.lateTls],

  // getaddrinfo and c-ares
  ["ENOTFOUND", failureSpecs.unknownHost],
  ["ENODATA", failureSpecs.unknownHost],
  ["EAI_AGAIN", failureSpecs.resolver],
  ["EAI_FAIL", failureSpecs.resolver],
  ["ESERVFAIL", failureSpecs.resolver],
  ["EREFUSED", failureSpecs.resolver],
  // c-ares reports `queryA ETIMEOUT`; without the call it may be a database's (tedious), whose query was written.
  ["ETIMEOUT", failureSpecs.responseTimeout],

  // node:net, node:tls, node:stream, node:zlib
  ["ERR_SOCKET_CLOSED_BEFORE_CONNECTION", failureSpecs.connectReset],
  ["ERR_SOCKET_CONNECTION_TIMEOUT", failureSpecs.connectTimeout],
  ["ERR_SOCKET_CLOSED", failureSpecs.reset],
  ["ERR_TLS_CERT_ALTNAME_INVALID", failureSpecs.certificate],
  ["SELF_SIGNED_CERT_IN_CHAIN", failureSpecs.untrustedChain],
  ["ERR_TLS_HANDSHAKE_TIMEOUT", failureSpecs.handshakeTimeout],
  ["ERR_STREAM_PREMATURE_CLOSE", failureSpecs.cut],
  ["ABORT_ERR", failureSpecs.aborted],
  ["Z_DATA_ERROR", failureSpecs.badBody],
  ["Z_BUF_ERROR", failureSpecs.cut],

  // node:http2
  ["NGHTTP2_REFUSED_STREAM", failureSpecs.refusedStream],
  ["ERR_HTTP2_GOAWAY_SESSION", failureSpecs.refusedStream],
  ["ERR_HTTP2_INVALID_SESSION", failureSpecs.refusedStream],
  ["ERR_HTTP2_STREAM_ERROR", failureSpecs.reset],
  ["ERR_HTTP2_STREAM_CANCEL", failureSpecs.reset],
  ["ERR_HTTP2_SESSION_ERROR", failureSpecs.reset],
  ["ERR_HTTP2_ERROR", failureSpecs.badResponse],

  // undici
  ["UND_ERR_CONNECT_TIMEOUT", failureSpecs.openTimeout],
  ["UND_ERR_HEADERS_TIMEOUT", failureSpecs.responseTimeout],
  ["UND_ERR_BODY_TIMEOUT", failureSpecs.bodyTimeout],
  ["UND_ERR_SOCKET", failureSpecs.reset],
  ["UND_ERR_HEADERS_OVERFLOW", failureSpecs.badResponse],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", failureSpecs.cutFraming],
  ["UND_ERR_RES_EXCEEDED_MAX_SIZE", failureSpecs.badBody],
  ["UND_ERR_PRX_TLS", failureSpecs.handshake],
  // Measured with 7.30: requests in flight on `destroy()` get it too, which the server has read.
  ["UND_ERR_DESTROYED", failureSpecs.destroyed],
  ["UND_ERR_CLOSED", failureSpecs.closed],
  ["UND_ERR_MAX_ORIGINS_REACHED", failureSpecs.noConnection],
  ["UND_ERR_BPL_MISSING_UPSTREAM", failureSpecs.noConnection],
  ["UND_ERR_ABORT", failureSpecs.aborted],
  ["UND_ERR_ABORTED", failureSpecs.aborted],

  // axios, got, superagent
  ["ECONNABORTED", failureSpecs.responseTimeout],
  ["ERR_REQUEST_ABORTED", failureSpecs.cut],
  ["ERR_READING_RESPONSE_STREAM", failureSpecs.cut],
  ["ERR_CANCELED", failureSpecs.aborted],
  ["ERR_ABORTED", failureSpecs.aborted],

  // mysql2, mysql
  ["PROTOCOL_CONNECTION_LOST", failureSpecs.reset],
  ["PROTOCOL_SEQUENCE_TIMEOUT", failureSpecs.responseTimeout],
  ["PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR", failureSpecs.deadConnection],
  ["ER_SERVER_SHUTDOWN", failureSpecs.reset],
  ["ER_CON_COUNT_ERROR", failureSpecs.noConnection],
  ["POOL_CLOSED", failureSpecs.closed],
  ["POOL_CONNLIMIT", failureSpecs.noConnection],
  ["POOL_ENQUEUELIMIT", failureSpecs.noConnection],
  ["POOL_NONEONLINE", failureSpecs.noConnection],
  ["HANDSHAKE_SSL_ERROR", failureSpecs.handshake],
  ["HANDSHAKE_NO_SSL_SUPPORT", failureSpecs.handshake],

  // PostgreSQL, appendix A of its manual: admin_shutdown, crash_shutdown, cannot_connect_now, too_many_connections
  ["57P01", failureSpecs.reset],
  ["57P02", failureSpecs.reset],
  ["57P03", failureSpecs.refused],
  ["53300", failureSpecs.noConnection],

  // node-redis 3: `UNCERTAIN_STATE` means that the command may have been processed.
  ["UNCERTAIN_STATE", failureSpecs.reset],
  ["CONNECTION_BROKEN", failureSpecs.reset],
  ["NR_CLOSED", failureSpecs.deadConnection],

  // Requests in flight on `destroy()` get it too.
  ["ERR_REISSUE_CLOSED", failureSpecs.torn],
]);

/** X.509 verification results in Node's spelling: "X509 certificate error codes" in its documentation of node:tls. */
const certificateCodes: ReadonlySet<string> = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_GET_CRL",
  "UNABLE_TO_DECRYPT_CERT_SIGNATURE",
  "UNABLE_TO_DECRYPT_CRL_SIGNATURE",
  "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
  "CERT_NOT_YET_VALID",
  "CERT_HAS_EXPIRED",
  "CERT_CHAIN_TOO_LONG",
  "CERT_REVOKED",
  "CERT_REJECTED",
  "CERT_UNTRUSTED",
  "CRL_SIGNATURE_FAILURE",
  "CRL_NOT_YET_VALID",
  "CRL_HAS_EXPIRED",
  "ERROR_IN_CERT_NOT_BEFORE_FIELD",
  "ERROR_IN_CERT_NOT_AFTER_FIELD",
  "ERROR_IN_CRL_LAST_UPDATE_FIELD",
  "ERROR_IN_CRL_NEXT_UPDATE_FIELD",
]);

/** llhttp's codes for errors in a body; its others are about the head. */
const bodyParserCodes: ReadonlyMap<string, FailureSpec> = new Map<string, FailureSpec>([
  ["HPE_INVALID_EOF_STATE", failureSpecs.cutFraming],
  ["HPE_INVALID_CHUNK_SIZE", failureSpecs.badBody],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", failureSpecs.badBody],
]);

/** Families of codes: llhttp, brotli and zstd. */
const families: readonly (readonly [pattern: RegExp, spec: FailureSpec])[] = [
  [/^HPE_[A-Z0-9_]+$/, failureSpecs.badResponse],
  [/^ERR__ERROR_FORMAT_[A-Z0-9_]+$/, failureSpecs.badBody],
  [/^ZSTD_error_[A-Za-z0-9_]+$/, failureSpecs.badBody],
];

/** Row of a code; null when the code is no transport failure's. */
export function specOfCode(code: string): FailureSpec | null {
  if (certificateCodes.has(code)) return failureSpecs.certificate;
  const listed = codes.get(code) ?? bodyParserCodes.get(code);
  if (listed !== undefined) return listed;
  return families.find(([pattern]) => pattern.test(code))?.[1] ?? null;
}
