import createError from "http-errors";
import { describe, expect, it } from "vitest";

import { foreignResponseError } from "./foreign-response.ts";
import { isErrorResponse } from "./error-response.ts";

function thrown(fields: object): Error {
  return Object.assign(new Error("x"), fields);
}

const headers = { "set-cookie": "session=theirs" };

/** As clients of node:http keep them. */
const received = {
  "content-type": "application/json",
  "set-cookie": ["session=theirs"],
  "www-authenticate": "Bearer",
  date: "Tue, 24 Nov 2026 22:19:21 GMT",
  connection: "keep-alive",
  "keep-alive": "timeout=5",
  "transfer-encoding": "chunked",
};

const meta = { httpStatusCode: 404, attempts: 1 };

const said = { message: "Invalid API Key provided", type: "invalid_request_error" };

/** Errors as vendors' clients threw them at an answer of 401 or 404, but for what is undefined in them. */
const recorded: [client: string, fields: object][] = [
  [
    "stripe 23",
    {
      type: "StripeAuthenticationError",
      raw: { ...said, headers: received, statusCode: 401, requestId: "req_1" },
      rawType: said.type,
      headers: received,
      requestId: "req_1",
      statusCode: 401,
      code: undefined,
    },
  ],
  [
    "openai 6",
    {
      status: 404,
      headers: new Headers({ ...received, "set-cookie": "session=theirs" }),
      requestID: "req_1",
      error: said,
      code: undefined,
      type: said.type,
    },
  ],
  [
    "@aws-sdk/client-dynamodb 3, whose error has what the body had",
    {
      name: "ResourceNotFoundException",
      $fault: "client",
      $metadata: { httpStatusCode: 404, attempts: 1, totalRetryDelay: 0 },
      status: 404,
    },
  ],
  [
    "@slack/web-api 8",
    {
      code: "slack_webapi_http_error",
      statusCode: 404,
      statusMessage: "Not Found",
      headers: received,
      body: said,
    },
  ],
  [
    "@elastic/elasticsearch 9",
    { statusCode: 404, headers: received, meta: { statusCode: 404, headers: received } },
  ],
  [
    "@octokit/request 10",
    { status: 404, response: { status: 404, headers: received, data: said } },
  ],
  ["gaxios 7", { status: 404, code: 404, response: new Response("{}", { status: 404, headers }) }],
];

describe("an error with the response of an upstream", () => {
  it.each<[string, object]>([
    ["undici's", { code: "UND_ERR_RESPONSE", statusCode: 401, headers, body: {} }],
    ["undici's RetryAgent's", { code: "UND_ERR_REQ_RETRY", statusCode: 503, headers }],
    ["axios'", { isAxiosError: true, status: 404, response: { status: 404, headers, data: "" } }],
    ["superagent's", { status: 404, response: { status: 404, statusCode: 404, headers } }],
    ["Azure's", { statusCode: 409, response: { status: 409, headers: new Headers() } }],
    ["Smithy's", { statusCode: 404, $response: { statusCode: 404, headers } }],
    ["Stripe's, less its headers", { statusCode: 401, raw: { statusCode: 401, headers } }],
    [
      "one with headers and no status, which Koa and Fastify send,",
      { code: 404, headers: received },
    ],
    [
      "one with a text for a status beside the number",
      { status: "NOT_FOUND", statusCode: 404, response: { statusCode: 404, headers } },
    ],
    ...recorded,
  ])("becomes a plain 500 if it is %s", (_, fields) => {
    const cause = Object.freeze(thrown(fields));
    const error = foreignResponseError(cause);
    expect(error).toMatchObject({ status: 500, statusCode: 500, expose: false, headers: {} });
    expect(error?.message).toBe("Internal Server Error");
    expect(error?.cause).toBe(cause);
    expect(Object.keys(error ?? {})).not.toContain("cause");
  });

  it.each<[string, unknown]>([
    ["a response that was chosen", createError(404, { response: { status: 404, headers } })],
    ["an application's own", thrown({ status: 404 })],
    ["an application's own, with headers", thrown({ status: 401, headers })],
    [
      "an application's own, with the headers of a response that refuses",
      thrown({
        status: 401,
        headers: { "WWW-Authenticate": "Bearer", "Retry-After": "60", Connection: "close" },
      }),
    ],
    ["what http-errors made of one without headers", createError(thrown({ statusCode: 401 }))],
    ["one whose headers were chosen", createError(401, { headers })],
    ["one whose status was chosen over Smithy's", thrown({ status: 400, $metadata: meta })],
    ["Smithy's, which has no status", thrown({ $metadata: meta })],
    ["one with a record of its own", thrown({ status: 422, raw: { status: 422, id: 7 } })],
    ["NestJS'", thrown({ status: 404, response: { statusCode: 404, message: "no such order" } })],
    [
      "one whose status is not the response's",
      thrown({ status: 400, response: { status: 404, headers } }),
    ],
    ["one without a status", thrown({ response: { status: 404, headers } })],
    ["null", null],
    ["undefined", undefined],
    ["a string", "404"],
    ["a status that is no number", { status: "404", response: { status: "404", headers } }],
    [
      "one whose headers throw when they are read",
      Object.defineProperty(thrown({ status: 404 }), "headers", {
        get() {
          throw new Error("hands off");
        },
      }),
    ],
    [
      "what throws when it is read",
      new Proxy(new Error("x"), {
        get() {
          throw new Error("hands off");
        },
      }),
    ],
  ])("is not recognised in %s, which passes unchanged", (_, error) => {
    expect(foreignResponseError(error)).toBeNull();
  });
});

describe("a response of the application that is made from an error with the headers of an upstream", () => {
  it.each<[string, number, Error, string]>([
    ["by hand", 502, thrown({ status: 502, expose: false, headers: received }), "Bad Gateway"],
    ["anew", 503, createError(503, "x", { headers: received }), "Service Unavailable"],
    ["anew, to be shown", 422, createError(422, "x", { headers: new Headers() }), "x"],
    ["of it", 401, createError(502, thrown({ statusCode: 401, headers: received })), "x"],
  ])("keeps its status without those headers if it is made %s", (_, status, cause, message) => {
    const error = foreignResponseError(cause);
    expect(error).toMatchObject({ status, statusCode: status, message, headers: {} });
    expect(error?.expose).toBe(status < 500);
    expect(error?.cause).toBe(cause);
    // The application's answer, not Reissue's.
    expect(isErrorResponse(error)).toBe(false);
  });

  it.each([undefined, "404", 200, 302, 404.5, 999, Number.NaN])(
    "is a 500 if it is %s",
    (status) => {
      const error = foreignResponseError(thrown({ expose: false, status, headers: received }));
      expect(error).toMatchObject({ status: 500, expose: false, headers: {} });
    },
  );
});
