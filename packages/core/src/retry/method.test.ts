import { expect, test } from "vitest";

import { isIdempotentMethod, isSafeMethod } from "./method.ts";

test.each([
  ["GET", true, true],
  ["HEAD", true, true],
  ["OPTIONS", true, true],
  ["TRACE", true, true],
  ["QUERY", true, true],
  ["PUT", true, false],
  ["DELETE", true, false],
  ["POST", false, false],
  ["PATCH", false, false],
  ["CONNECT", false, false],
  // Methods are case-sensitive: a "get" is another method, of which nothing is known.
  ["get", false, false],
  ["Put", false, false],
  ["GET ", false, false],
  ["", false, false],
  ["constructor", false, false],
  ["__proto__", false, false],
])("the method %s has idempotent = %s and safe = %s", (method, idempotent, safe) => {
  expect(isIdempotentMethod(method)).toBe(idempotent);
  expect(isSafeMethod(method)).toBe(safe);
});
