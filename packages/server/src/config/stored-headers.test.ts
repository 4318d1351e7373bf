import { expect, test } from "vitest";

import { isStoredTrailer, storedHeaders } from "./stored-headers.ts";

const path = "idempotency.keepHeaders";

test("the stored headers are those that describe a response, and the listed ones", () => {
  const keeps = storedHeaders(["X-Receipt"], path);
  const names = ["content-type", "etag", "location", "x-receipt", "x-other", "set-cookie", "date"];
  expect(names.filter((name) => keeps(name))).toEqual(names.slice(0, 4));
});

test.each([
  [["Set-Cookie"], `${path}[0]`, "never stored"],
  [["X-A", "Authorization"], `${path}[1]`, "never stored"],
  [["a b"], `${path}[0]`, "header name"],
  [[1], `${path}[0]`, "header name"],
  ["X-A", path, "array"],
])("the list %j is refused", (more, at, problem) => {
  const call = (): unknown => storedHeaders(more, path);
  expect(call).toThrow(at);
  expect(call).toThrow(problem);
});

test("a trailer is stored unless it carries credentials", () => {
  const names = ["x-checksum", "set-cookie", "authorization"];
  expect(names.filter((name) => isStoredTrailer(name))).toEqual(["x-checksum"]);
});
