import type { ErrorInfo } from "../error-info.ts";
import { failureSpecs, type FailureSpec } from "../failure-spec.ts";

/** Code of the error (null: none), its whole message or the start of it (with an ellipsis), row. */
type Message = readonly [code: string | null, text: string, spec: FailureSpec];

/** Errors that only their message identifies, by library; the first match decides. */
const messages: readonly Message[] = [
  // node:http, for a response whose socket closed before its end; got's wording of the same.
  ["ECONNRESET", "aborted", failureSpecs.cut],
  ["ECONNRESET", "The server aborted pending request", failureSpecs.cut],
  // node:tls
  [
    "ECONNRESET",
    "Client network socket disconnected before secure TLS…",
    failureSpecs.handshakeReset,
  ],
  // OpenSSL, whose other certificate codes need no text; these could be another library's.
  ["INVALID_CA", "invalid CA certificate", failureSpecs.certificate],
  ["INVALID_PURPOSE", "unsuitable certificate purpose", failureSpecs.certificate],
  ["INVALID_PURPOSE", "unsupported certificate purpose", failureSpecs.certificate],
  ["PATH_LENGTH_EXCEEDED", "path length constraint exceeded", failureSpecs.certificate],
  // node:http2
  [
    "ERR_HTTP2_STREAM_ERROR",
    "Stream closed with error code NGHTTP2_REFUSED_STREAM",
    failureSpecs.refusedStream,
  ],
  // undici. A proxy that refuses CONNECT is reported as an abort, but it is neither an abort nor a failure of the
  // upstream.
  ["UND_ERR_ABORTED", "Proxy response (…", failureSpecs.unknown],
  ["UND_ERR_INFO", 'HTTP/2: "stream timeout…', failureSpecs.responseTimeout],
  ["UND_ERR_INFO", "HTTP/2: …", failureSpecs.reset],
  [
    null,
    "Response does not match the HTTP/1.1 protocol (Invalid character in chunk size…",
    failureSpecs.badBody,
  ],
  [
    null,
    "Response does not match the HTTP/1.1 protocol (Invalid EOF state…",
    failureSpecs.cutFraming,
  ],
  // axios; over fetch, only the wording of an AbortSignal.timeout is left. The third is the wording of the second in
  // 1.0 to 1.7.
  ["ERR_CANCELED", "The operation was aborted due to timeout", failureSpecs.responseTimeout],
  ["ERR_BAD_RESPONSE", "stream has been aborted", failureSpecs.cut],
  ["ERR_BAD_RESPONSE", "maxContentLength size of -1 exceeded", failureSpecs.cut],
  ["ECONNABORTED", "Request aborted", failureSpecs.aborted],
  // superagent
  ["ABORTED", "Aborted", failureSpecs.aborted],
  // node-fetch
  [null, "network timeout at: …", failureSpecs.responseTimeout],
  [null, "Response timeout while trying to fetch …", failureSpecs.bodyTimeout],
  [null, "Premature close of server response while trying to fetch …", failureSpecs.cut],
  // @smithy/node-http-handler of the AWS SDK, which names them all TimeoutError.
  [
    null,
    "@smithy/node-http-handler - the request socket did not establish…",
    failureSpecs.connectTimeout,
  ],
  [null, "Socket timed out without establishing a connection…", failureSpecs.connectTimeout],
  [null, "HTTP/2 stream is abnormally aborted in mid-communication…", failureSpecs.reset],
  [null, "Unexpected error: http2 request did not get a response", failureSpecs.reset],
  // pg and pg-pool
  [null, "timeout expired", failureSpecs.connectTimeout],
  [null, "Connection terminated due to connection timeout", failureSpecs.poolConnectTimeout],
  [null, "Connection terminated unexpectedly", failureSpecs.reset],
  [null, "Connection terminated", failureSpecs.reset],
  [null, "Query read timeout", failureSpecs.responseTimeout],
  [null, "timeout exceeded when trying to connect", failureSpecs.noConnection],
  [null, "Cannot use a pool after calling end on the pool", failureSpecs.closed],
  [
    null,
    "Client has encountered a connection error and is not queryable",
    failureSpecs.deadConnection,
  ],
  [null, "Client was closed and is not queryable", failureSpecs.deadConnection],
  [null, "The server does not support SSL connections", failureSpecs.handshake],
  [null, "There was an error establishing an SSL connection", failureSpecs.handshake],
  // mysql2
  [null, "Queue limit reached.", failureSpecs.noConnection],
  [null, "No connections available.", failureSpecs.noConnection],
  [null, "Pool is closed.", failureSpecs.closed],
  [null, "Can't add new command when connection is in closed state", failureSpecs.deadConnection],
  // ioredis, whose AbortError is a lost connection, not an abort by the caller.
  [null, "Connection is closed.", failureSpecs.reset],
  [null, "Command aborted due to connection close", failureSpecs.reset],
  [null, "Command timed out", failureSpecs.responseTimeout],
  [
    null,
    "Socket timeout. Expecting data, but didn't receive any in …",
    failureSpecs.responseTimeout,
  ],
  [
    null,
    "Stream isn't writeable and enableOfflineQueue options is false",
    failureSpecs.noConnection,
  ],
  [null, "Cluster isn't ready and enableOfflineQueue options is false", failureSpecs.noConnection],
  [null, "Cluster is ended.", failureSpecs.closed],
  // node-redis
  [null, "Timeout waiting for a client after …", failureSpecs.noConnection],
];

/** Row of an error by its code and its message; null without a match. */
export function specOfMessage(info: ErrorInfo): FailureSpec | null {
  if (info.message === "") return null;
  const match = messages.find(([code, text]) => code === info.code && fits(info.message, text));
  return match?.[2] ?? null;
}

function fits(message: string, text: string): boolean {
  return text.endsWith("…") ? message.startsWith(text.slice(0, -1)) : message === text;
}
