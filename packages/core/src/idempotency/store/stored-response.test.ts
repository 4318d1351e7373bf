import fc from "fast-check";
import { expect, test } from "vitest";

import { decodeResponse, encodeResponse, type StoredResponse } from "./stored-response.ts";

/** What Node lets a header have, also where it is lenient. */
const name = fc.stringMatching(/^[!#$%&'*+.^_`|~\w-]+$/);
const value = fc.stringMatching(/^[\x01-\x09\x0b\x0c\x0e-\xff]*$/);
const field = fc.tuple(name, value);

test("a response is decoded as it was encoded", () => {
  const answers = fc.record<StoredResponse>({
    status: fc.integer({ min: 200, max: 599 }),
    headers: fc.array(field),
    trailers: fc.array(field),
    body: fc.option(fc.uint8Array().map((bytes) => Buffer.from(bytes))),
  });
  fc.assert(
    fc.property(answers, (answer) => {
      expect(decodeResponse(encodeResponse(answer))).toEqual(answer);
    }),
  );
});

test("an impossible header is decoded as it was encoded, or refused", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(text, text, (name, value) => {
      const answer = { status: 200, headers: [[name, value]] as const, trailers: [], body: null };
      let bytes: Uint8Array;
      try {
        bytes = encodeResponse(answer);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        return;
      }
      expect(decodeResponse(bytes)).toEqual(answer);
    }),
  );
});

test.each([
  ["a name with a colon", "a:b", "c"],
  ["a value over two lines", "a", "b\nc: d"],
  ["a character of more than a byte", "a", "\u0100"],
])("%s is refused", (_, name, value) => {
  const answer = { status: 200, headers: [], trailers: [[name, value]] as const, body: null };
  expect(() => encodeResponse(answer)).toThrow(TypeError);
});

test("a response is read from a part of a larger buffer as well", () => {
  const answer = { status: 200, headers: [], trailers: [], body: Buffer.from("done") };
  const bytes = Buffer.concat([Buffer.from("before"), encodeResponse(answer)]);
  expect(decodeResponse(new Uint8Array(bytes).subarray(6))).toEqual(answer);
});

test.each([
  "",
  "x",
  "\n",
  "null\n",
  "{}\n",
  '{"version":2}\n',
  '"text"\nbody',
  "1 200 0 0 kept",
  "2 200 0 0 kept\n",
  "1 200 0 0 lost\n",
  "1 200 1 0 kept\n",
  "1 200 1 0 kept\nno colon\n",
  "1 200 0 999999 kept\na:b\n",
  '{"version":1,"status":200,"headers":[],"trailers":[],"kept":true}\nbody',
])("a value that is no stored response is refused: %j", (text) => {
  expect(() => decodeResponse(Buffer.from(text))).toThrow(TypeError);
});
