import { Request as UndiciRequest, FormData as UndiciFormData } from "undici";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { client, impatient } from "../../support/upstream/client.ts";

const long = "0123456789".repeat(300_000);

function form(): FormData {
  const made = new FormData();
  made.append("a", "b");
  return made;
}

describe.each([
  ["the platform's", Request],
  ["undici's", UndiciRequest as unknown as typeof Request],
])("%s Request", (_, Class) => {
  test.each<[string, () => NonNullable<RequestInit["body"]>, number]>([
    ["text", () => "é", 2],
    ["bytes", () => new Uint8Array(7), 7],
    ["search params", () => new URLSearchParams("a=b"), 3],
    ["a Blob", () => new Blob(["blob"], { type: "image/png" }), 4],
  ])("is sent with its length if it has %s", async (_kind, body, length) => {
    const server = await opened();
    const request = new Class(server.origin, { method: "POST", body: body() });
    const response = await client()(request);
    expect(response).toBeInstanceOf(Response);
    expect(response.url).toBe(`${server.origin}/`);
    const { bodyBytes } = server.requests[0]!;
    const headers = Object.fromEntries(server.requests[0]!.headers);
    expect([headers["content-length"], bodyBytes]).toEqual([`${length}`, length]);
    expect(headers).not.toHaveProperty("transfer-encoding");
    expect(request.bodyUsed).toBe(true);
  });

  test("with a body longer than the record of a stream is resent completely", async () => {
    const server = await opened({ faults: [{ fault: "reset", at: "body-end", times: 1 }] });
    const request = new Class(server.origin, { method: "PUT", body: long });
    expect((await impatient()(request)).status).toBe(200);
    expect(server.requests.map(({ bodyBytes }) => bodyBytes)).toEqual([long.length, long.length]);
  });

  test("with a streamed body is resent only if it is recorded completely", async () => {
    const server = await opened({ faults: [{ fault: "reset", at: "body-end", times: 1 }] });
    const init = { method: "PUT", body: new Blob([long]).stream(), duplex: "half" } as const;
    const sent = impatient()(new Class(server.origin, init));
    await expect(sent).rejects.toMatchObject({ reason: "body-not-replayable" });
  });

  test.each([307, 308])("is sent on as a whole if a %i says so", async (status) => {
    const server = await opened({
      respond: ({ path }) =>
        path === "/" ? { status, headers: { location: "/there" } } : { body: "there" },
    });
    const response = await client()(new Class(server.origin, { method: "POST", body: "abc" }));
    expect([await response.text(), response.redirected, response.url]).toEqual([
      "there",
      true,
      `${server.origin}/there`,
    ]);
    expect(server.requests.map(({ body }) => body?.toString())).toEqual(["abc", "abc"]);
  });

  test("is refused if its body has been read, or is being read", async () => {
    const server = await opened();
    const read = new Class(server.origin, { method: "POST", body: "abc" });
    await read.text();
    await expect(client()(read)).rejects.toBeInstanceOf(TypeError);
    const locked = new Class(server.origin, { method: "POST", body: "abc" });
    locked.body?.getReader();
    await expect(client()(locked)).rejects.toBeInstanceOf(TypeError);
    expect(server.received).toBe(0);
  });

  test("ends with its own signal, and with the signal of the init in its place", async () => {
    const server = await opened({ faults: [{ fault: "hang" }] });
    const own = new AbortController();
    const request = new Class(server.origin, { signal: own.signal });
    const reason = new Error("the caller's");
    const first = client()(request);
    await server.until(({ heads }) => heads === 1);
    own.abort(reason);
    await expect(first).rejects.toBe(reason);
    await expect(client()(request)).rejects.toBe(reason);
    const other = AbortSignal.abort("the init's");
    await expect(client()(request, { signal: other })).rejects.toBe("the init's");
  });
});

test.each([
  ["the platform's", () => form()],
  [
    "undici's",
    () => {
      const made = new UndiciFormData();
      made.append("a", "b");
      return made;
    },
  ],
])("%s form is sent as a form", async (_, make) => {
  const server = await opened();
  for (const cache of ["default", "no-store"] as const) {
    await client()(server.origin, { method: "POST", body: make(), cache } as RequestInit);
    const { body } = server.requests.at(-1)!;
    const headers = Object.fromEntries(server.requests.at(-1)!.headers);
    expect(headers["content-type"]).toMatch(/^multipart\/form-data; boundary=/);
    expect(body?.toString()).toContain('name="a"\r\n\r\nb\r\n');
  }
});
