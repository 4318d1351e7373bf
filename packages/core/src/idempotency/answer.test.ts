import fc from "fast-check";
import { expect, test } from "vitest";

import { decodeAnswer, encodeAnswer, type Answer } from "./answer.ts";

const field = fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }));

test("an answer comes back as it was", () => {
  const answers = fc.record<Answer>({
    status: fc.integer({ min: 200, max: 499 }),
    headers: fc.array(field),
    trailers: fc.array(field),
    body: fc.option(fc.uint8Array().map((bytes) => Buffer.from(bytes))),
  });
  fc.assert(
    fc.property(answers, (answer) => {
      expect(decodeAnswer(encodeAnswer(answer))).toEqual(answer);
    }),
  );
});

test("it is read from a part of a larger buffer too", () => {
  const answer = { status: 200, headers: [], trailers: [], body: Buffer.from("done") };
  const bytes = Buffer.concat([Buffer.from("before"), encodeAnswer(answer)]);
  expect(decodeAnswer(new Uint8Array(bytes).subarray(6))).toEqual(answer);
});

test.each(["", "x", "\n", "null\n", "{}\n", '{"version":2}\n', '"text"\nbody'])(
  "what is none is refused: %j",
  (text) => {
    expect(() => decodeAnswer(Buffer.from(text))).toThrow(TypeError);
  },
);
