import type { IncomingHttpHeaders } from "node:http";

import type { ReceivedRequest } from "@reissue/testing";
import type { UpstreamRequestOptions } from "@reissue/upstream";
import { request } from "undici";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { client, impatient } from "../../support/upstream/client.ts";

function values(received: ReceivedRequest, name: string): string[] {
  return received.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

describe("a number, which undici accepts and its types do not", () => {
  const numbers = { "x-count": 5 } as object as IncomingHttpHeaders;

  test.each([
    ["a key is derived", { method: "POST", body: "a" }],
    ["a content type is added", { method: "PUT", body: new URLSearchParams("a=b") }],
  ] as const)("is sent if %s", async (_, options) => {
    const server = await opened();
    const upstream = client({ origins: { [server.origin]: { idempotencyKey: "derive" } } });
    await upstream.request(server.origin, { ...options, headers: numbers });
    expect(values(server.requests[0]!, "x-count")).toEqual(["5"]);
  });

  test("is a valid key, and is not replaced by a derived one", async () => {
    const server = await opened();
    const upstream = client({ origins: { [server.origin]: { idempotencyKey: "derive" } } });
    const headers = { "idempotency-key": 42 } as object as IncomingHttpHeaders;
    await upstream.request(server.origin, { method: "POST", headers });
    expect(values(server.requests[0]!, "idempotency-key")).toEqual(["42"]);
  });
});

describe("an iterator of headers, which can be read only once", () => {
  const once = { fault: "reset", times: 1 } as const;
  const entries = (): IterableIterator<[string, string]> =>
    new Map([
      ["authorization", "me"],
      ["idempotency-key", "one"],
    ]).entries();

  test.each(["GET", "POST"] as const)("is sent with each attempt of a %s", async (method) => {
    const server = await opened({ faults: [once] });
    const headers = entries() as NonNullable<UpstreamRequestOptions["headers"]>;
    await impatient().request(server.origin, { method, headers });
    const sent = server.requests.map((each) => values(each, "authorization"));
    expect(sent).toEqual([["me"], ["me"]]);
  });

  test("is sent with each attempt of undici's own request", async () => {
    const server = await opened({ faults: [once] });
    const { dispatcher } = impatient();
    await request(server.origin, { method: "POST", dispatcher, headers: entries() });
    const sent = server.requests.map((each) => values(each, "idempotency-key"));
    expect(sent).toEqual([["one"], ["one"]]);
  });
});

test.each([
  ["an object", (): Record<string, string> => ({ "idempotency-key": "mine" })],
  ["a list", (): string[] => ["idempotency-key", "mine"]],
])("%s that the caller changes after the call is sent again as it was", async (_, make) => {
  const server = await opened({ faults: [{ fault: "reset", times: 1 }] });
  const headers = make();
  const call = impatient().request(server.origin, { method: "POST", body: "a", headers });
  if (Array.isArray(headers)) headers[1] = "another";
  else headers["idempotency-key"] = "another";
  await call;
  const sent = server.requests.map((each) => values(each, "idempotency-key"));
  expect(sent).toEqual([["mine"], ["mine"]]);
});
