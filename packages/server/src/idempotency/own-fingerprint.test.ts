import { expect, test } from "vitest";

import { ownFingerprint } from "./own-fingerprint.ts";

test("a fingerprint gets bytes of its own, which it may change", async () => {
  const body = Buffer.from("order 1");
  const firstByte = (_request: unknown, bytes: Uint8Array): Uint8Array => bytes.fill(0, 1);
  const fingerprint = await ownFingerprint(firstByte, null, body);
  expect(body.toString()).toBe("order 1");
  expect(await ownFingerprint(firstByte, null, Buffer.from("order 2"))).toBe(fingerprint);
});
