import type { Link } from "../error-info.ts";
import { shapes, type Shape } from "../failure-spec.ts";

/** The code that comes with it (null: none), the whole message or its beginning (with an ellipsis), the row. */
type Message = readonly [code: string | null, text: string, shape: Shape];

/** Errors that only their message tells from others, grouped by who throws them; the first that fits decides. */
const messages: readonly Message[] = [
  // node:http, for a response whose socket closed before its end; got's words for the same.
  ["ECONNRESET", "aborted", shapes.cut],
  ["ECONNRESET", "The server aborted pending request", shapes.cut],
  // node:tls
  ["ECONNRESET", "Client network socket disconnected before secure TLS…", shapes.handshakeReset],
  // OpenSSL, whose other certificate codes need no text; these could be anybody's.
  ["INVALID_CA", "invalid CA certificate", shapes.certificate],
  ["INVALID_PURPOSE", "unsuitable certificate purpose", shapes.certificate],
  ["INVALID_PURPOSE", "unsupported certificate purpose", shapes.certificate],
  ["PATH_LENGTH_EXCEEDED", "path length constraint exceeded", shapes.certificate],
  // node:http2
  [
    "ERR_HTTP2_STREAM_ERROR",
    "Stream closed with error code NGHTTP2_REFUSED_STREAM",
    shapes.refusedStream,
  ],
  // undici. A proxy that refuses CONNECT is reported as an abort, but nobody aborted and the upstream did not fail.
  ["UND_ERR_ABORTED", "Proxy response (…", shapes.unknown],
  ["UND_ERR_INFO", 'HTTP/2: "stream timeout…', shapes.answerTimeout],
  ["UND_ERR_INFO", "HTTP/2: …", shapes.reset],
  [
    null,
    "Response does not match the HTTP/1.1 protocol (Invalid character in chunk size…",
    shapes.badBody,
  ],
  [null, "Response does not match the HTTP/1.1 protocol (Invalid EOF state…", shapes.cutFraming],
  // axios; where it is over fetch, only the words are left of an AbortSignal.timeout. The third is how 1.0 to 1.7 said
  // the second.
  ["ERR_CANCELED", "The operation was aborted due to timeout", shapes.answerTimeout],
  ["ERR_BAD_RESPONSE", "stream has been aborted", shapes.cut],
  ["ERR_BAD_RESPONSE", "maxContentLength size of -1 exceeded", shapes.cut],
  ["ECONNABORTED", "Request aborted", shapes.aborted],
  // superagent
  ["ABORTED", "Aborted", shapes.aborted],
  // node-fetch
  [null, "network timeout at: …", shapes.answerTimeout],
  [null, "Response timeout while trying to fetch …", shapes.bodyTimeout],
  [null, "Premature close of server response while trying to fetch …", shapes.cut],
  // @smithy/node-http-handler of the AWS SDK, which calls them all TimeoutError.
  [
    null,
    "@smithy/node-http-handler - the request socket did not establish…",
    shapes.connectTimeout,
  ],
  [null, "Socket timed out without establishing a connection…", shapes.connectTimeout],
  [null, "HTTP/2 stream is abnormally aborted in mid-communication…", shapes.reset],
  [null, "Unexpected error: http2 request did not get a response", shapes.reset],
  // pg and pg-pool
  [null, "timeout expired", shapes.connectTimeout],
  [null, "Connection terminated due to connection timeout", shapes.poolConnectTimeout],
  [null, "Connection terminated unexpectedly", shapes.reset],
  [null, "Connection terminated", shapes.reset],
  [null, "Query read timeout", shapes.answerTimeout],
  [null, "timeout exceeded when trying to connect", shapes.noConnection],
  [null, "Cannot use a pool after calling end on the pool", shapes.closed],
  [null, "Client has encountered a connection error and is not queryable", shapes.deadConnection],
  [null, "Client was closed and is not queryable", shapes.deadConnection],
  [null, "The server does not support SSL connections", shapes.handshake],
  [null, "There was an error establishing an SSL connection", shapes.handshake],
  // mysql2
  [null, "Queue limit reached.", shapes.noConnection],
  [null, "No connections available.", shapes.noConnection],
  [null, "Pool is closed.", shapes.closed],
  [null, "Can't add new command when connection is in closed state", shapes.deadConnection],
  // ioredis, whose AbortError is a lost connection and no abort of the caller's.
  [null, "Connection is closed.", shapes.reset],
  [null, "Command aborted due to connection close", shapes.reset],
  [null, "Command timed out", shapes.answerTimeout],
  [null, "Socket timeout. Expecting data, but didn't receive any in …", shapes.answerTimeout],
  [null, "Stream isn't writeable and enableOfflineQueue options is false", shapes.noConnection],
  [null, "Cluster isn't ready and enableOfflineQueue options is false", shapes.noConnection],
  [null, "Cluster is ended.", shapes.closed],
  // node-redis
  [null, "Timeout waiting for a client after …", shapes.noConnection],
];

/** The row of an error by its code and its message; null when no text of the table is its own. */
export function shapeOfMessage(link: Link): Shape | null {
  if (link.message === "") return null;
  const found = messages.find(([code, text]) => code === link.code && fits(link.message, text));
  return found?.[2] ?? null;
}

function fits(message: string, text: string): boolean {
  return text.endsWith("…") ? message.startsWith(text.slice(0, -1)) : message === text;
}
