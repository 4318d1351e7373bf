import { shapes, type Shape } from "../failure-spec.ts";

/** What each stable code means by itself; messages and system calls, where they say more, come first. */
const codes: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  // errno, without a system call to tell where. The weaker reading where there are two.
  ["ECONNREFUSED", shapes.refused],
  ["ENETUNREACH", shapes.unroutable],
  ["EHOSTUNREACH", shapes.unroutable],
  ["ENETDOWN", shapes.unroutable],
  ["EHOSTDOWN", shapes.unroutable],
  ["EMFILE", shapes.local],
  ["ENFILE", shapes.local],
  ["EADDRNOTAVAIL", shapes.local],
  ["ECONNRESET", shapes.reset],
  ["EPIPE", shapes.reset],
  ["ENOTCONN", shapes.reset],
  ["ENETRESET", shapes.reset],
  ["ETIMEDOUT", shapes.answerTimeout],
  ["ESOCKETTIMEDOUT", shapes.answerTimeout], // request
  ["EPROTO", shapes.lateTls],

  // getaddrinfo and c-ares
  ["ENOTFOUND", shapes.unknownHost],
  ["ENODATA", shapes.unknownHost],
  ["EAI_AGAIN", shapes.resolver],
  ["EAI_FAIL", shapes.resolver],
  ["ESERVFAIL", shapes.resolver],
  ["EREFUSED", shapes.resolver],
  // c-ares says `queryA ETIMEOUT`; without the call it may be a database's (tedious), whose query was written.
  ["ETIMEOUT", shapes.answerTimeout],

  // node:net, node:tls, node:stream, node:zlib
  ["ERR_SOCKET_CLOSED_BEFORE_CONNECTION", shapes.connectReset],
  ["ERR_SOCKET_CONNECTION_TIMEOUT", shapes.connectTimeout],
  ["ERR_SOCKET_CLOSED", shapes.reset],
  ["ERR_TLS_CERT_ALTNAME_INVALID", shapes.certificate],
  ["SELF_SIGNED_CERT_IN_CHAIN", shapes.untrustedChain],
  ["ERR_TLS_HANDSHAKE_TIMEOUT", shapes.handshakeTimeout],
  ["ERR_STREAM_PREMATURE_CLOSE", shapes.cut],
  ["ABORT_ERR", shapes.aborted],
  ["Z_DATA_ERROR", shapes.badBody],
  ["Z_BUF_ERROR", shapes.cut],

  // node:http2
  ["NGHTTP2_REFUSED_STREAM", shapes.refusedStream],
  ["ERR_HTTP2_GOAWAY_SESSION", shapes.refusedStream],
  ["ERR_HTTP2_INVALID_SESSION", shapes.refusedStream],
  ["ERR_HTTP2_STREAM_ERROR", shapes.reset],
  ["ERR_HTTP2_STREAM_CANCEL", shapes.reset],
  ["ERR_HTTP2_SESSION_ERROR", shapes.reset],
  ["ERR_HTTP2_ERROR", shapes.badAnswer],

  // undici
  ["UND_ERR_CONNECT_TIMEOUT", shapes.openTimeout],
  ["UND_ERR_HEADERS_TIMEOUT", shapes.answerTimeout],
  ["UND_ERR_BODY_TIMEOUT", shapes.bodyTimeout],
  ["UND_ERR_SOCKET", shapes.reset],
  ["UND_ERR_HEADERS_OVERFLOW", shapes.badAnswer],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", shapes.cutFraming],
  ["UND_ERR_RES_EXCEEDED_MAX_SIZE", shapes.badBody],
  ["UND_ERR_PRX_TLS", shapes.handshake],
  // Measured with 7.30: `destroy()` gives it to requests in flight too, which the server has read.
  ["UND_ERR_DESTROYED", shapes.destroyed],
  ["UND_ERR_CLOSED", shapes.closed],
  ["UND_ERR_MAX_ORIGINS_REACHED", shapes.noConnection],
  ["UND_ERR_BPL_MISSING_UPSTREAM", shapes.noConnection],
  ["UND_ERR_ABORT", shapes.aborted],
  ["UND_ERR_ABORTED", shapes.aborted],

  // axios, got, superagent
  ["ECONNABORTED", shapes.answerTimeout],
  ["ERR_REQUEST_ABORTED", shapes.cut],
  ["ERR_READING_RESPONSE_STREAM", shapes.cut],
  ["ERR_CANCELED", shapes.aborted],
  ["ERR_ABORTED", shapes.aborted],

  // mysql2, mysql
  ["PROTOCOL_CONNECTION_LOST", shapes.reset],
  ["PROTOCOL_SEQUENCE_TIMEOUT", shapes.answerTimeout],
  ["PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR", shapes.deadConnection],
  ["ER_SERVER_SHUTDOWN", shapes.reset],
  ["ER_CON_COUNT_ERROR", shapes.noConnection],
  ["POOL_CLOSED", shapes.closed],
  ["POOL_CONNLIMIT", shapes.noConnection],
  ["POOL_ENQUEUELIMIT", shapes.noConnection],
  ["POOL_NONEONLINE", shapes.noConnection],
  ["HANDSHAKE_SSL_ERROR", shapes.handshake],
  ["HANDSHAKE_NO_SSL_SUPPORT", shapes.handshake],

  // PostgreSQL, appendix A of its manual: admin_shutdown, crash_shutdown, cannot_connect_now, too_many_connections
  ["57P01", shapes.reset],
  ["57P02", shapes.reset],
  ["57P03", shapes.refused],
  ["53300", shapes.noConnection],

  // node-redis 3: `UNCERTAIN_STATE` means that the command may have been processed.
  ["UNCERTAIN_STATE", shapes.reset],
  ["CONNECTION_BROKEN", shapes.reset],
  ["NR_CLOSED", shapes.deadConnection],

  // `destroy()` gives it to requests in flight too.
  ["ERR_REISSUE_CLOSED", shapes.torn],
]);

/** X.509 verification results as Node spells them: "X509 certificate error codes" in its documentation of node:tls. */
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

/** llhttp's codes for what it finds in a body; its others are about the head. */
const bodyParserCodes: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["HPE_INVALID_EOF_STATE", shapes.cutFraming],
  ["HPE_INVALID_CHUNK_SIZE", shapes.badBody],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", shapes.badBody],
]);

/** Families of codes: llhttp, brotli and zstd. */
const families: readonly (readonly [pattern: RegExp, shape: Shape])[] = [
  [/^HPE_[A-Z0-9_]+$/, shapes.badAnswer],
  [/^ERR__ERROR_FORMAT_[A-Z0-9_]+$/, shapes.badBody],
  [/^ZSTD_error_[A-Za-z0-9_]+$/, shapes.badBody],
];

/** The row of a code; null when the code says nothing about a transport. */
export function shapeOfCode(code: string): Shape | null {
  if (certificateCodes.has(code)) return shapes.certificate;
  const listed = codes.get(code) ?? bodyParserCodes.get(code);
  if (listed !== undefined) return listed;
  return families.find(([pattern]) => pattern.test(code))?.[1] ?? null;
}
