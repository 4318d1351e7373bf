import createError from "http-errors";
import { describe, expect, it } from "vitest";

import { classify } from "./classify.ts";
import { fetchFailed, system, terminated, thrown, type Table } from "./thrown.test.fixture.ts";

const opensslAlert =
  "80BC:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../deps/record.c:1605:\n";
const table: Table = [
  // Before the request as far as they say, but recorded too where a server may have processed it.
  [
    ["timeout", "connect", "unknown", 504, "connection_timeout", true],
    [thrown("Connect Timeout Error", { code: "UND_ERR_CONNECT_TIMEOUT" })],
  ],
  [
    ["timeout", "tls", "unknown", 504, "connection_timeout", true],
    [
      thrown("Timeout awaiting 'secureConnect' for 400ms", {
        code: "ETIMEDOUT",
        event: "secureConnect",
      }),
    ],
  ],
  [
    ["certificate", "tls", "unknown", 502, "tls_certificate_error", false],
    [thrown("self-signed certificate in chain", { code: "SELF_SIGNED_CERT_IN_CHAIN" })],
  ],
  [
    // After the handshake as the client sees it: the request has been written.
    ["tls", "request", "unknown", 502, "tls_protocol_error", false],
    [
      thrown(opensslAlert, { code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" }),
      thrown("mac", { code: "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC" }),
      thrown("write EPROTO", { code: "EPROTO", syscall: "write" }),
      thrown("EPROTO", { code: "EPROTO" }),
    ],
  ],
  [
    ["reset", "request", "unknown", 502, "connection_terminated", true],
    [
      system("read", "ECONNRESET"),
      system("write", "EPIPE"),
      // The words of one call and the code of another prove nothing.
      thrown("connect ECONNREFUSED 10.0.0.7:80", { code: "EPIPE" }),
      thrown("socket hang up", { code: "ECONNRESET" }),
      thrown("other side closed", { code: "UND_ERR_SOCKET" }),
      thrown("socket hang up", { name: "TimeoutError", code: "ECONNRESET" }),
      // A route that was lost under an open connection.
      system("read", "EHOSTUNREACH"),
      thrown("request to http://a/?connect ECONNRESET failed, reason: read ECONNRESET", {
        code: "ECONNRESET",
      }),
      thrown("Connection lost: The server closed the connection.", {
        code: "PROTOCOL_CONNECTION_LOST",
      }),
      thrown("14 UNAVAILABLE: Connection dropped", {
        code: 14,
        details: "Connection dropped",
        metadata: {},
      }),
      thrown("14 UNAVAILABLE: read ECONNRESET", { code: 14, details: "read ECONNRESET" }),
      thrown("Connection terminated unexpectedly"),
      thrown("Connection is closed."),
      thrown("Command aborted due to connection close", { name: "AbortError" }),
      thrown("Reached the max retries per request limit", { name: "MaxRetriesPerRequestError" }),
      thrown("Redis connection lost and command aborted.", {
        name: "AbortError",
        code: "UNCERTAIN_STATE",
      }),
      thrown("Socket closed unexpectedly", { name: "SocketClosedUnexpectedlyError" }),
      thrown("terminating connection due to administrator command", { code: "57P01" }),
      thrown('HTTP/2: "GOAWAY" frame received with code 0', { code: "UND_ERR_INFO" }),
    ],
  ],
  [
    ["incomplete", "response-body", "delivered", 502, "http_response_incomplete", true],
    [
      thrown("aborted", { code: "ECONNRESET" }),
      terminated(system("read", "ECONNRESET")),
      terminated(thrown("other side closed", { code: "UND_ERR_SOCKET" })),
      thrown("stream has been aborted", {
        code: "ERR_BAD_RESPONSE",
        status: 200,
        response: { status: 200 },
      }),
      thrown("maxContentLength size of -1 exceeded", { code: "ERR_BAD_RESPONSE" }),
      thrown("The server aborted pending request", { name: "ReadError", code: "ECONNRESET" }),
      thrown("read ECONNRESET", { name: "ReadError", code: "ECONNRESET" }),
      thrown("read ECONNRESET", { code: "ECONNRESET", response: {} }),
      thrown("Premature close", { code: "ERR_STREAM_PREMATURE_CLOSE" }),
      thrown("Invalid response body while trying to fetch http://a/: read ECONNRESET", {
        name: "FetchError",
        code: "ECONNRESET",
      }),
      thrown("unexpected end of file", { code: "Z_BUF_ERROR" }),
    ],
  ],
  [
    ["incomplete", "response-body", "delivered", 502, "http_protocol_error", true],
    [
      thrown("length", { code: "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" }),
      thrown("eof", { code: "HPE_INVALID_EOF_STATE" }),
    ],
  ],
  [
    // fetch had not returned anything yet.
    ["incomplete", "response-body", "unknown", 502, "http_protocol_error", true],
    [fetchFailed(thrown("length", { code: "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" }))],
  ],
  [
    ["timeout", "response-headers", "unknown", 504, "http_response_timeout", true],
    [
      thrown("Headers Timeout Error", { code: "UND_ERR_HEADERS_TIMEOUT" }),
      thrown("Timeout awaiting 'response' for 400ms", { code: "ETIMEDOUT", event: "response" }),
      thrown("timeout of 400ms exceeded", { name: "AxiosError", code: "ECONNABORTED" }),
      thrown("Response timeout of 300ms exceeded", { code: "ECONNABORTED", errno: "ETIMEDOUT" }),
      thrown("@smithy/node-http-handler - [ERROR] a request has exceeded the configured 300 ms", {
        name: "TimeoutError",
        code: "ETIMEDOUT",
      }),
      thrown("Stream timed out because of no activity for 300 ms", { name: "TimeoutError" }),
      thrown("4 DEADLINE_EXCEEDED: Deadline exceeded", {
        code: 4,
        details: "Deadline exceeded",
        metadata: {},
      }),
      system("read", "ETIMEDOUT"),
      thrown("queryless", { code: "ETIMEOUT" }),
      thrown("network timeout at: http://a/", { name: "FetchError", type: "request-timeout" }),
      thrown("Query inactivity timeout", { code: "PROTOCOL_SEQUENCE_TIMEOUT" }),
      new DOMException("The operation was aborted due to timeout", "TimeoutError"),
      thrown("The operation was aborted", {
        name: "AbortError",
        code: "ABORT_ERR",
        cause: new DOMException("The operation was aborted due to timeout", "TimeoutError"),
      }),
      thrown("canceled", {
        name: "CanceledError",
        code: "ERR_CANCELED",
        config: { signal: { reason: new DOMException("timeout", "TimeoutError") } },
      }),
      thrown("The operation was aborted due to timeout", {
        name: "CanceledError",
        code: "ERR_CANCELED",
      }),
    ],
  ],
  [
    ["timeout", "response-body", "delivered", 504, "connection_read_timeout", true],
    [
      thrown("Body Timeout Error", { code: "UND_ERR_BODY_TIMEOUT" }),
      terminated(thrown("Body Timeout Error", { code: "UND_ERR_BODY_TIMEOUT" })),
      thrown("Timeout awaiting 'read' for 400ms", { code: "ETIMEDOUT", event: "read" }),
      thrown("Timeout awaiting 'request' for 400ms", {
        code: "ETIMEDOUT",
        event: "request",
        response: {},
      }),
    ],
  ],
  [
    ["aborted", "unknown", "unknown", null, null, false],
    [
      new DOMException("This operation was aborted", "AbortError"),
      thrown("The operation was aborted", { name: "AbortError", code: "ABORT_ERR" }),
      thrown("This operation was aborted.", { name: "AbortError", code: "ERR_ABORTED" }),
      thrown("canceled", { name: "CanceledError", code: "ERR_CANCELED" }),
      thrown("Request aborted", { name: "AbortError", code: "UND_ERR_ABORTED" }),
      thrown("Aborted", { code: "ABORTED" }),
      thrown("Request aborted", { name: "AbortError" }),
      thrown("1 CANCELLED: Cancelled on client", { code: 1, details: "Cancelled on client" }),
      // Why the caller aborted is no failure of this request.
      thrown("The operation was aborted", {
        code: "ABORT_ERR",
        cause: system("connect", "ECONNREFUSED"),
      }),
      // body-parser: the inbound client left while it was sending.
      createError(400, "request aborted", { code: "ECONNABORTED", type: "request.aborted" }),
    ],
  ],
  [
    ["protocol", "response-headers", "unknown", 502, "http_protocol_error", false],
    [
      thrown("Parse Error", { code: "HPE_INVALID_CONSTANT" }),
      thrown("Parse Error: Header overflow", { code: "HPE_HEADER_OVERFLOW" }),
      thrown("Response does not match the HTTP/1.1 protocol (Expected HTTP/)", {
        name: "HTTPParserError",
        code: undefined,
      }),
      thrown("Headers Overflow Error", { code: "UND_ERR_HEADERS_OVERFLOW" }),
      thrown("Protocol error", { code: "ERR_HTTP2_ERROR" }),
    ],
  ],
  [
    ["protocol", "response-body", "delivered", 502, "http_protocol_error", false],
    [
      thrown("incorrect header check", { code: "Z_DATA_ERROR" }),
      thrown("Decompression failed", { code: "ERR__ERROR_FORMAT_PADDING_1" }),
      thrown("Parse Error", { code: "HPE_INVALID_CHUNK_SIZE" }),
      terminated(thrown("Parse Error", { code: "HPE_INVALID_CONSTANT" })),
    ],
  ],
  [
    // undici gives it to requests in flight as well, so the request may have been read.
    ["pool", "request", "unknown", 503, "connection_limit_reached", true],
    [thrown("The client is destroyed", { code: "UND_ERR_DESTROYED" })],
  ],
];

describe("an error of a request that may have been processed", () => {
  for (const [[kind, phase, delivery, status, token, transient], errors] of table) {
    describe(`is ${kind} in ${phase}, ${delivery}, ${status} ${token}`, () => {
      it.each(errors.map((error) => [`${String(error)} ${JSON.stringify(error)}`, error]))(
        "the error %s is classified so",
        (_, error) => {
          const expected = { kind, phase, delivery, status, token, transient };
          expect(classify(error)).toMatchObject(expected);
          // A wrapper that says nothing takes nothing away.
          expect(classify(new Error("payment failed", { cause: error }))).toMatchObject(expected);
        },
      );
    });
  }
});
