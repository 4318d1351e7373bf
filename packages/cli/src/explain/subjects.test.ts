import { inspect } from "node:util";

import { describe, expect, test } from "vitest";

import { UpstreamError } from "@reissue/core";
import { failureOf, failureSpecs } from "@reissue/core/internal";

import { subjectsOf } from "./subjects.ts";

/** Kind and delivery of the only error in a text. */
function only(text: string): readonly [string | undefined, string | undefined] {
  const [subject, ...more] = subjectsOf(text);
  expect(more).toEqual([]);
  return [subject?.failure?.kind, subject?.failure?.delivery];
}

const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" });
const refused = Object.assign(new Error("connect ECONNREFUSED ::1:3000"), {
  code: "ECONNREFUSED",
  syscall: "connect",
});
const fetchFailed = new TypeError("fetch failed", { cause: refused });

describe("words and codes of clients", () => {
  test.each([
    ["ECONNRESET", "reset", "unknown"],
    ["socket hang up", "reset", "unknown"],
    ["Error: socket hang up", "reset", "unknown"],
    ["UND_ERR_SOCKET other side closed", "reset", "unknown"],
    ["SocketError: other side closed", "reset", "unknown"],
    ["read ECONNRESET", "reset", "unknown"],
    ["write EPIPE", "reset", "unknown"],
    ["connect ECONNREFUSED 127.0.0.1:3000", "refused", "unsent"],
    ["request to http://a/ failed, reason: connect ECONNREFUSED ::1:80", "refused", "unsent"],
    ["connect ETIMEDOUT 10.0.0.1:443", "timeout", "unsent"],
    ["getaddrinfo ENOTFOUND orders", "dns", "unsent"],
    ["getaddrinfo EAI_AGAIN orders", "dns", "unsent"],
    ["ECONNREFUSED", "refused", "unsent"],
    [
      "Client network socket disconnected before secure TLS connection was established",
      "reset",
      "unsent",
    ],
    ["self-signed certificate", "certificate", "unsent"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "certificate", "unsent"],
    ["Headers Timeout Error", "timeout", "unknown"],
    ["UND_ERR_BODY_TIMEOUT", "timeout", "delivered"],
    ["timeout of 1000ms exceeded", "timeout", "unknown"],
    ["The operation was aborted due to timeout", "timeout", "unknown"],
    ["This operation was aborted", "aborted", "unknown"],
    ["aborted", "incomplete", "delivered"],
    ["TypeError: terminated", "incomplete", "delivered"],
    ["Premature close", "incomplete", "delivered"],
    ["Parse Error: Expected HTTP/", "protocol", "unknown"],
    ["NGHTTP2_REFUSED_STREAM", "refused-stream", "unsent"],
  ])("%s is recognised", (text, kind, delivery) => expect(only(text)).toEqual([kind, delivery]));

  test("the words of fetch need their cause", () => {
    expect(subjectsOf("TypeError: fetch failed")).toMatchObject([
      { failure: null, meaning: expect.stringContaining("error.cause") },
    ]);
  });
});

describe("errors in logs", () => {
  const stack = `${fetchFailed.stack}\ncaused by: ${refused.stack}`;
  test.each<[string, unknown, string, string]>([
    [
      "JSON.stringify with fields",
      { message: reset.message, code: "ECONNRESET", errno: -104, syscall: "read" },
      "reset",
      "unknown",
    ],
    [
      "JSON.stringify of a bare error",
      { code: "ECONNREFUSED", syscall: "connect" },
      "refused",
      "unsent",
    ],
    [
      "pino",
      {
        level: 50,
        time: 1,
        pid: 7,
        msg: "fetch failed",
        err: { type: "TypeError", message: "fetch failed: connect ECONNREFUSED ::1:3000", stack },
      },
      "refused",
      "unsent",
    ],
    [
      "bunyan",
      {
        name: "orders",
        v: 0,
        msg: "x",
        err: { message: reset.message, name: "Error", stack: reset.stack, code: "ECONNRESET" },
      },
      "reset",
      "unknown",
    ],
    [
      "winston",
      {
        level: "error",
        message: "socket hang up",
        stack: "Error: socket hang up\n    at Socket.x (node:_http_client:1:2)",
        code: "ECONNRESET",
      },
      "reset",
      "unknown",
    ],
    [
      "winston with a cause that was lost",
      {
        level: "error",
        message: "fetch failed",
        stack: `TypeError: fetch failed\n    at x {\n  [cause]: Error: read ECONNRESET\n      at y {\n    code: 'ECONNRESET'\n  }\n}`,
        cause: {},
      },
      "reset",
      "unknown",
    ],
    [
      "ECS",
      {
        "@timestamp": "x",
        error: {
          type: "Error",
          message: "read ECONNRESET",
          stack_trace: reset.stack,
          code: "ECONNRESET",
        },
      },
      "reset",
      "unknown",
    ],
    [
      "OpenTelemetry",
      {
        "exception.type": "Error",
        "exception.message": "connect ECONNREFUSED ::1:3000",
        "exception.stacktrace": refused.stack,
      },
      "refused",
      "unsent",
    ],
    [
      "AWS Lambda",
      {
        errorType: "Error",
        errorMessage: "socket hang up",
        code: "ECONNRESET",
        stack: ["Error: socket hang up", "    at x"],
      },
      "reset",
      "unknown",
    ],
    [
      "Sentry",
      {
        exception: {
          values: [
            { type: "Error", value: "connect ECONNREFUSED ::1:3000" },
            { type: "TypeError", value: "fetch failed" },
          ],
        },
      },
      "refused",
      "unsent",
    ],
    ["Google Cloud", { severity: "ERROR", message: reset.stack }, "reset", "unknown"],
    ["Kubernetes", { log: "Error: read ECONNRESET\n", stream: "stderr" }, "reset", "unknown"],
    [
      "zap",
      {
        level: "error",
        msg: "call failed",
        error: "read tcp 10.0.0.1:1->10.0.0.2:2: socket hang up",
      },
      "reset",
      "unknown",
    ],
    [
      "axios' toJSON",
      {
        message: "timeout of 10ms exceeded",
        name: "AxiosError",
        code: "ECONNABORTED",
        status: null,
        config: {},
      },
      "timeout",
      "unknown",
    ],
  ])("an error logged by %s is recognised", (_name, record, kind, delivery) => {
    expect(only(JSON.stringify(record))).toEqual([kind, delivery]);
    expect(only(JSON.stringify(record, null, 2))).toEqual([kind, delivery]);
  });

  test.each<[string, Error, string, string]>([
    ["an error", reset, "reset", "unknown"],
    ["an error with a cause", fetchFailed, "refused", "unsent"],
    [
      "an AggregateError, all refused",
      new AggregateError([refused, refused], ""),
      "refused",
      "unsent",
    ],
    [
      "an AggregateError, one of them reset",
      new AggregateError([refused, reset], ""),
      "reset",
      "unknown",
    ],
  ])("%s is recognised in its printed form", (_name, error, kind, delivery) => {
    expect(only(inspect(error))).toEqual([kind, delivery]);
    expect(only(`2026-12-01 ERROR call failed\n${inspect(error)}\n`)).toEqual([kind, delivery]);
  });

  test("an UpstreamError in JSON keeps its own delivery and failure", () => {
    const error = {
      name: "UpstreamError",
      message:
        "POST http://orders:3000: connection reset, it was most likely not processed (ECONNRESET); not sent again: not-retry-safe",
      code: "ERR_REISSUE_UPSTREAM_STALE",
      failure: {
        kind: "reset",
        phase: "request",
        delivery: "stale",
        transient: true,
        code: "ECONNRESET",
      },
    };
    expect(subjectsOf(JSON.stringify({ err: error }))).toMatchObject([
      { speaker: "reissue", failure: { kind: "reset", delivery: "stale", code: "ECONNRESET" } },
    ]);
  });

  describe("an UpstreamError", () => {
    const attempts: [] = [];
    const common = {
      reason: "attempts-exhausted",
      method: "GET",
      origin: "http://[::1]:3000",
      attempts,
    } as const;
    const errors = [...Object.values(failureSpecs), { kind: "timeout", phase: "pool" } as const]
      .filter((spec) => spec.kind !== "unknown")
      .flatMap((spec) =>
        ["ECONNRESET", null].map((code) => {
          const failure = failureOf(spec, code);
          return new UpstreamError({
            ...common,
            failure,
            cause: new Error("a cause that says nothing"),
          });
        }),
      );

    test.each([
      ["JSON.stringify", (error: Error) => JSON.stringify(error)],
      ["its message", (error: Error) => error.message],
      ["its stack", (error: Error) => String(error.stack)],
      [
        "a log line",
        (error: Error) => `[Nest] 7  ERROR [ReissueModule] ${error.message}\u001b[39m`,
      ],
      [
        "a record with its message",
        (error: Error) => JSON.stringify({ level: 50, msg: error.message }),
      ],
    ])("is explained from %s", (_, write) => {
      for (const error of errors) {
        const { kind, delivery, code } = error.failure;
        const [subject, ...more] = subjectsOf(write(error));
        expect(more, error.message).toEqual([]);
        expect(subject?.failure, error.message).toMatchObject({ kind, delivery, code });
        expect([subject?.speaker, subject?.link], error.message).toEqual([
          "reissue",
          expect.stringContaining(error.code.toLowerCase()),
        ]);
      }
    });

    test("is explained with the reason for which it was not sent again", () => {
      const [subject] = subjectsOf(errors[0]!.message);
      expect(subject?.meaning).toContain("`maxAttempts` is reached");
      expect(subjectsOf("budget-exhausted")).toMatchObject([
        { speaker: "reissue", failure: null, meaning: expect.stringContaining("budget is empty") },
      ]);
    });
  });

  test("the stack of a cut response is recognised", () => {
    expect(only(String(new TypeError("terminated").stack))).toEqual(["incomplete", "delivered"]);
  });

  test("each different record of a log is explained once, and everything else is passed over", () => {
    const records = [{ err: reset }, { msg: "started" }, { err: refused }, { err: reset }].map(
      (record) =>
        JSON.stringify({
          ...record,
          ...("err" in record && { err: { message: record.err?.message, code: record.err?.code } }),
        }),
    );
    const kinds = subjectsOf(records.join("\n")).map(({ failure }) => failure?.kind);
    expect(kinds).toEqual(["reset", "refused"]);
  });
});

describe("proxies", () => {
  const nginx = (words: string): string =>
    `2026/12/01 10:00:00 [error] 7#7: *12 ${words}, client: 10.0.0.9, server: _, request: "POST / HTTP/1.1", upstream: "http://10.0.0.7:80/"`;
  test.each([
    [
      "upstream prematurely closed connection while reading response header from upstream",
      "reset",
      "unknown",
    ],
    ["upstream prematurely closed connection while reading upstream", "incomplete", "delivered"],
    [
      "recv() failed (104: Connection reset by peer) while reading response header from upstream",
      "reset",
      "unknown",
    ],
    ["recv() failed (104: Unknown error) while sending to client", "incomplete", "delivered"],
    ["writev() failed (32: Broken pipe) while sending request to upstream", "reset", "unknown"],
    [
      "connect() failed (111: Connection refused) while connecting to upstream",
      "refused",
      "unsent",
    ],
    [
      "connect() failed (113: No route to host) while connecting to upstream",
      "unroutable",
      "unsent",
    ],
    [
      "upstream timed out (110: Connection timed out) while connecting to upstream",
      "timeout",
      "unsent",
    ],
    [
      "upstream timed out (110: Connection timed out) while reading response header from upstream",
      "timeout",
      "unknown",
    ],
    [
      "upstream timed out (110: Connection timed out) while reading upstream",
      "timeout",
      "delivered",
    ],
    [
      "peer closed connection in SSL handshake while SSL handshaking to upstream",
      "reset",
      "unsent",
    ],
    [
      "SSL_do_handshake() failed (SSL: error:0A000086) while SSL handshaking to upstream",
      "tls",
      "unsent",
    ],
    ["no live upstreams while connecting to upstream", "pool", "unsent"],
    [
      "upstream sent too big header while reading response header from upstream",
      "protocol",
      "unknown",
    ],
    [
      "client prematurely closed connection while sending request to upstream",
      "aborted",
      "unknown",
    ],
  ])("the words of nginx are recognised: %s", (words, kind, delivery) => {
    expect(only(words)).toEqual([kind, delivery]);
    expect(only(nginx(words))).toEqual([kind, delivery]);
    expect(subjectsOf(nginx(words))[0]).toMatchObject({ speaker: "nginx", title: words });
  });

  test("the words of nginx may be quoted without their end", () => {
    expect(only("upstream prematurely closed connection")).toEqual(["reset", "unknown"]);
    expect(only("upstream timed out (110: Connection timed out)")).toEqual(["timeout", "unknown"]);
  });

  test.each([
    ["SH--", "reset", "unknown"],
    ["SC", "refused", "unsent"],
    ["sC--", "timeout", "unsent"],
    ["sH--", "timeout", "unknown"],
    ["sQ", "pool", "unsent"],
    ["SD--", "incomplete", "delivered"],
    ["CD--", "aborted", "unknown"],
    ["PH--", "protocol", "unknown"],
  ])("the state %s of HAProxy is recognised", (state, kind, delivery) => {
    const four = state.padEnd(4, "-");
    const line = `haproxy[7]: 10.0.0.9:3 [01/Dec/2026:10:00:00.000] web once/a 0/0/1/-1/5 502 0 - - ${four} 1/1/0/0/0 0/0 "POST / HTTP/1.1"`;
    for (const text of [state, line]) {
      expect(only(text)).toEqual([kind, delivery]);
      expect(subjectsOf(text)[0]?.speaker).toBe("haproxy");
    }
  });

  test.each([
    ["UC", "reset", "unknown"],
    ["UF", "refused", "unsent"],
    ["UH", "pool", "unsent"],
    ["UO", "pool", "unsent"],
    ["UT", "timeout", "unknown"],
    ["DC", "aborted", "unknown"],
    ["UpstreamConnectionTermination", "reset", "unknown"],
    ["no healthy upstream", "pool", "unsent"],
    [
      "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
      "reset",
      "unknown",
    ],
    [
      "upstream connect error or disconnect/reset before headers. reset reason: connection failure, transport failure reason: delayed connect error: 111",
      "refused",
      "unsent",
    ],
    [
      "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure",
      "refused",
      "unsent",
    ],
    ["upstream_reset_before_response_started{connection_termination}", "reset", "unknown"],
    ["upstream request timeout", "timeout", "unknown"],
  ])("the flag or the words %s of Envoy are recognised", (text, kind, delivery) => {
    expect(only(text)).toEqual([kind, delivery]);
    expect(subjectsOf(text)[0]?.speaker).toBe("envoy");
  });

  test("the lines of a proxy's log are explained one by one", () => {
    const lines = [
      nginx("no live upstreams while connecting to upstream"),
      "2026/12/01 10:00:00 [notice] 7#7: signal process started",
      nginx("connect() failed (111: Connection refused) while connecting to upstream"),
    ];
    expect(subjectsOf(lines.join("\n")).map(({ failure }) => failure?.kind)).toEqual([
      "pool",
      "refused",
    ]);
  });
});

describe("statuses", () => {
  test.each([
    "503",
    "503 Service Unavailable",
    "Request failed with status code 503",
    "Response code 503 (Service Unavailable)",
    "HTTP/1.1 503 Service Unavailable",
    '{"name":"AxiosError","message":"Request failed with status code 503","code":"ERR_BAD_RESPONSE","status":503}',
  ])("the status is recognised in %s", (text) =>
    expect(subjectsOf(text)).toMatchObject([{ status: 503, failure: null }]),
  );
});

test.each([
  "",
  " ",
  "{}",
  "[]",
  "null",
  "true",
  "200",
  "hello world",
  '{"msg":"started"}',
  "[".repeat(50_000),
  `{"err":${'{"err":'.repeat(2000)}1${"}".repeat(2001)}`,
  "TypeError: x is not a function\n    at y",
  "Error: ENOENT: no such file or directory, open 'x'",
  JSON.stringify({ stack: "a".repeat(500_000) }),
])("nothing is recognised in %.40s", (text) => expect(subjectsOf(text)).toEqual([]));
