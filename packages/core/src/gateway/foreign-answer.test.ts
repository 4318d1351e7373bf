import createError from "http-errors";
import { describe, expect, it } from "vitest";

import { foreignAnswerError } from "./foreign-answer.ts";

function thrown(fields: object): Error {
  return Object.assign(new Error("x"), fields);
}

const headers = { "set-cookie": "session=theirs" };

describe("an error that carries an upstream's answer", () => {
  it.each<[string, object]>([
    ["undici's", { code: "UND_ERR_RESPONSE", statusCode: 401, headers, body: {} }],
    ["undici's RetryAgent's", { code: "UND_ERR_REQ_RETRY", statusCode: 503, headers }],
    ["axios'", { isAxiosError: true, status: 404, response: { status: 404, headers, data: "" } }],
    ["superagent's", { status: 404, response: { status: 404, statusCode: 404, headers } }],
    ["Azure's", { statusCode: 409, response: { status: 409, headers: new Headers() } }],
  ])("%s becomes a plain 500", (_, fields) => {
    const cause = Object.freeze(thrown(fields));
    const error = foreignAnswerError(cause);
    expect(error).toMatchObject({ status: 500, statusCode: 500, expose: false, headers: {} });
    expect(error?.message).toBe("Internal Server Error");
    expect(error?.cause).toBe(cause);
    expect(Object.keys(error ?? {})).not.toContain("cause");
  });

  it.each<[string, unknown]>([
    ["an answer that was chosen", createError(404, { response: { status: 404, headers } })],
    ["an application's own", thrown({ status: 404 })],
    ["an application's own, with headers", thrown({ status: 401, headers })],
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
      "what throws when it is read",
      new Proxy(new Error("x"), {
        get() {
          throw new Error("hands off");
        },
      }),
    ],
  ])("is not %s, which passes", (_, error) => {
    expect(foreignAnswerError(error)).toBeNull();
  });
});
