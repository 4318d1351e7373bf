import { describe, expect, test } from "vitest";

import { transactionResponse, type TransactionResponse } from "./transaction-response.ts";

const text = "text/plain; charset=utf-8";
const json = "application/json; charset=utf-8";

test.each<[TransactionResponse, number, [string, string][], string]>([
  [{}, 200, [], ""],
  [{ status: 204 }, 204, [], ""],
  [{ body: "é" }, 200, [["Content-Type", text]], "é"],
  [{ body: "" }, 200, [["Content-Type", text]], ""],
  [{ body: { id: 1 } }, 200, [["Content-Type", json]], '{"id":1}'],
  [{ body: [1] }, 200, [["Content-Type", json]], "[1]"],
  [{ body: null }, 200, [["Content-Type", json]], "null"],
  [{ body: 0 }, 200, [["Content-Type", json]], "0"],
  [{ body: Buffer.from("b") }, 200, [["Content-Type", "application/octet-stream"]], "b"],
  [
    { status: 201, headers: { "content-type": "a/b", Location: "/1" }, body: {} },
    201,
    [
      ["content-type", "a/b"],
      ["Location", "/1"],
    ],
    "{}",
  ],
])("the response is made from %j", (input, status, headers, body) => {
  const answer = transactionResponse(input);
  expect(answer).toMatchObject({ status, headers, trailers: [] });
  expect(Buffer.from(answer.body ?? []).toString()).toBe(body);
});

test("the bytes of a body are copied", () => {
  const body = Buffer.from("before");
  const answer = transactionResponse({ body });
  body.write("after!");
  expect(Buffer.from(answer.body ?? []).toString()).toBe("before");
});

describe("a response that cannot be stored", () => {
  test.each<[unknown, string]>([
    [undefined, "answer must be an object, got a value of type undefined"],
    ["ok", 'answer must be an object, got "ok"'],
    [{ code: 1 }, "answer.code is not an option (known: status, headers, body)"],
    [{ status: 101 }, "answer.status must be an integer from 200 to 599, got 101"],
    [{ body: () => 1 }, "answer.body cannot be written as JSON"],
    [
      { headers: { "Set-Cookie": "a=1" } },
      'answer.headers["Set-Cookie"] cannot be stored for other requests: set it on the response itself',
    ],
    [
      { headers: { "content-length": "3" } },
      'answer.headers["content-length"] cannot be stored for other requests: set it on the response itself',
    ],
    [{ headers: { "a b": "" } }, 'answer.headers["a b"] is not the name of a header'],
    [
      { headers: { a: "x\r\nb: y" } },
      String.raw`answer.headers["a"] must be the text of a header, got "x\r\nb: y"`,
    ],
    [{ headers: { a: 1 } }, 'answer.headers["a"] must be the text of a header, got 1'],
  ])("is refused with its path: %j", (input, message) => {
    expect(() => transactionResponse(input as TransactionResponse)).toThrow(
      expect.objectContaining({ code: "ERR_REISSUE_OPTION", message }),
    );
  });
});
