import { describe, expect, it } from "vitest";

import { classify } from "./classify.ts";
import { aggregate, fetchFailed, system, thrown, type Table } from "./thrown.test.fixture.ts";

const opensslRefusal =
  "write EPROTO 80BC:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/record.c:350:\n";
const grpcRefusal =
  "No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:50051. Resolution note: ";

const table: Table = [
  [
    ["dns", "dns", "unsent", 502, "dns_error", false],
    [
      system("getaddrinfo", "ENOTFOUND", { hostname: "nx.test" }),
      system("queryA", "ENODATA"),
      system("queryAaaa", "ENOTFOUND"),
      thrown("gone", { code: "ENOTFOUND" }),
      fetchFailed(system("getaddrinfo", "ENOTFOUND")),
    ],
  ],
  [
    ["dns", "dns", "unsent", 502, "dns_error", true],
    [
      system("getaddrinfo", "EAI_AGAIN"),
      system("queryA", "ESERVFAIL"),
      system("queryA", "EREFUSED"),
      // The resolver that refuses, and not the upstream.
      system("queryA", "ECONNREFUSED"),
      thrown("no", { code: "EAI_AGAIN" }),
      thrown("14 UNAVAILABLE: Name resolution failed for target dns:nx.test:1", {
        code: 14,
        details: "Name resolution failed for target dns:nx.test:1",
        metadata: {},
      }),
    ],
  ],
  [
    ["timeout", "dns", "unsent", 504, "dns_timeout", true],
    [
      system("queryA", "ETIMEOUT"),
      thrown("Timeout awaiting 'lookup' for 400ms", { code: "ETIMEDOUT", event: "lookup" }),
    ],
  ],
  [
    ["refused", "connect", "unsent", 502, "connection_refused", true],
    [
      system("connect", "ECONNREFUSED"),
      // happy eyeballs
      aggregate([system("connect", "ECONNREFUSED"), system("connect", "ECONNREFUSED")], {
        code: "ECONNREFUSED",
      }),
      // axios with its fetch adapter
      thrown("Network Error", {
        name: "AxiosError",
        code: "ERR_NETWORK",
        cause: system("connect", "ECONNREFUSED"),
      }),
      // node-fetch 2, on happy eyeballs too
      thrown("request to http://a/ failed, reason: ", { name: "FetchError", code: "ECONNREFUSED" }),
      thrown(`14 UNAVAILABLE: ${grpcRefusal}`, { code: 14, details: grpcRefusal, metadata: {} }),
      thrown(`14 UNAVAILABLE: ${grpcRefusal}`, { code: 14 }),
      // A Unix socket
      thrown("connect ENOENT /run/orders.sock", {
        code: "ENOENT",
        syscall: "connect",
        address: "/run/orders.sock",
      }),
      // ioredis' Cluster, Sequelize, AWS SDK 2
      thrown("Failed to refresh slots cache.", {
        lastNodeError: system("connect", "ECONNREFUSED"),
      }),
      thrown("", { name: "SequelizeError", original: system("connect", "ECONNREFUSED") }),
      thrown("", { code: "NetworkingError", originalError: system("connect", "ECONNREFUSED") }),
    ],
  ],
  [
    ["unroutable", "connect", "unsent", 502, "destination_ip_unroutable", true],
    [
      system("connect", "ENETUNREACH"),
      system("connect", "EHOSTUNREACH"),
      thrown("no route", { code: "EHOSTUNREACH" }),
    ],
  ],
  [
    ["local", "connect", "unsent", 503, "proxy_internal_error", true],
    [
      system("connect", "EMFILE"),
      system("connect", "EADDRNOTAVAIL"),
      system("bind", "EADDRNOTAVAIL"),
      system("connect", "EACCES"),
      thrown("too many", { code: "EMFILE" }),
    ],
  ],
  [
    ["reset", "connect", "unsent", 502, "connection_terminated", true],
    [
      system("connect", "ECONNRESET"),
      // axios and node-fetch 2, which drop the call
      thrown("connect ECONNRESET 10.0.0.7:80", { code: "ECONNRESET" }),
      thrown("request to http://a/ failed, reason: connect ECONNRESET 10.0.0.7:80", {
        name: "FetchError",
        code: "ECONNRESET",
      }),
      thrown("request to http://a/ failed, reason: ", {
        code: "ECONNRESET",
        erroredSysCall: "connect",
      }),
      // The AWS SDK: the code before the name.
      system("connect", "ECONNRESET", { name: "TimeoutError" }),
    ],
  ],
  [
    ["reset", "tls", "unsent", 502, "connection_terminated", true],
    [
      thrown("Client network socket disconnected before secure TLS connection was established", {
        code: "ECONNRESET",
      }),
    ],
  ],
  [
    ["timeout", "connect", "unsent", 504, "connection_timeout", true],
    [
      system("connect", "ETIMEDOUT"),
      aggregate([system("connect", "ETIMEDOUT"), system("connect", "ETIMEDOUT")], {
        code: "ETIMEDOUT",
      }),
      thrown("Timeout awaiting 'connect' for 400ms", { code: "ETIMEDOUT", event: "connect" }),
      thrown("Connection timeout", { constructor: { name: "ConnectionTimeoutError" } }),
      thrown("timeout expired"),
      thrown("Connection terminated due to connection timeout", {
        cause: new Error("Connection terminated unexpectedly"),
      }),
      thrown(
        "@smithy/node-http-handler - the request socket did not establish a connection with the server within 5 ms.",
        { name: "TimeoutError" },
      ),
    ],
  ],
  [
    ["certificate", "tls", "unsent", 502, "tls_certificate_error", false],
    [
      thrown("certificate has expired", { code: "CERT_HAS_EXPIRED" }),
      thrown("self-signed certificate", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
      thrown("unable to verify", { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }),
      thrown("altnames", { code: "ERR_TLS_CERT_ALTNAME_INVALID" }),
      thrown("invalid CA certificate", { code: "INVALID_CA" }),
      fetchFailed(thrown("certificate has expired", { code: "CERT_HAS_EXPIRED" })),
    ],
  ],
  [
    ["tls", "tls", "unsent", 502, "tls_protocol_error", false],
    [
      thrown(opensslRefusal, { code: "EPROTO", syscall: "write" }),
      thrown("wrong version number", { code: "ERR_SSL_WRONG_VERSION_NUMBER" }),
      thrown("alert", { code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" }),
      thrown("alert", { code: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE" }),
      thrown("name", { code: "ERR_SSL_TLSV1_UNRECOGNIZED_NAME" }),
    ],
  ],
  [
    ["refused-stream", "request", "unsent", 502, "connection_terminated", true],
    [
      thrown("Stream closed with error code NGHTTP2_REFUSED_STREAM", {
        code: "ERR_HTTP2_STREAM_ERROR",
      }),
      thrown("refused", { code: "NGHTTP2_REFUSED_STREAM" }),
      thrown("goaway", { code: "ERR_HTTP2_GOAWAY_SESSION" }),
      thrown("destroyed", { code: "ERR_HTTP2_INVALID_SESSION" }),
      thrown("14 UNAVAILABLE: Stream refused by server", {
        code: 14,
        details: "Stream refused by server",
      }),
    ],
  ],
  [
    ["pool", "pool", "unsent", 503, "connection_limit_reached", true],
    [
      thrown("timeout exceeded when trying to connect"),
      thrown("Queue limit reached."),
      thrown("The client is offline", { name: "ClientOfflineError" }),
      thrown("Stream isn't writeable and enableOfflineQueue options is false"),
      thrown("sorry, too many clients already", { code: "53300" }),
    ],
  ],
  [
    ["pool", "pool", "unsent", 503, "connection_limit_reached", false],
    [thrown("The client is closed", { name: "ClientClosedError", code: "UND_ERR_CLOSED" })],
  ],
  [
    ["reset", "pool", "unsent", 502, "connection_terminated", true],
    [
      thrown("Client has encountered a connection error and is not queryable"),
      thrown("Can't add new command when connection is in closed state"),
    ],
  ],
];

describe("an error of a request that was not processed", () => {
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
