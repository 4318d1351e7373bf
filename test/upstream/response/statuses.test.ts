import { manualClock, type Fault } from "@reissue/testing";
import { describe, expect, test, vi } from "vitest";

import { opened } from "../../testing/opened.ts";
import { client, impatient } from "../../support/upstream/client.ts";

const busy = (status: number, retryAfter?: number | string): Fault => ({
  fault: "status",
  status,
  retryAfter,
});

test.each([1, 2])(
  "a 503 with Retry-After comes %i times before a 200, and each wait is as long as asked",
  async (times) => {
    const clock = manualClock();
    const server = await opened({ faults: [{ fault: "status", retryAfter: 2, times }] });
    const answer = client({ clock }).request(server.origin);
    for (let resend = 1; resend <= times; resend += 1) {
      await vi.waitFor(() => expect(clock.nextMs).toBe(2000), { interval: 2 });
      await clock.advance(1999);
      expect(server.requests).toHaveLength(resend);
      await clock.advance(1);
      await server.until(({ heads }) => heads === resend + 1);
    }
    const { statusCode, body } = await answer;
    expect(statusCode).toBe(200);
    expect(await body.text()).toBe("ok");
    expect(clock.pending).toBe(0);
    // The answers that nobody wanted were read, so that one connection did it all.
    expect(server.connections).toBe(1);
  },
);

test("a date in Retry-After is obeyed", async () => {
  const clock = manualClock();
  const retryAfter = new Date(clock.wallNow() + 7000).toUTCString();
  const server = await opened({ faults: [{ fault: "status", retryAfter, times: 1 }] });
  const answer = client({ clock }).request(server.origin);
  await vi.waitFor(() => expect(clock.nextMs).toBe(7000), { interval: 2 });
  await clock.advance(7000);
  expect((await answer).statusCode).toBe(200);
});

describe("the default for a status", () => {
  test.each([502, 503, 504, 429])("resends after a %i", async (status) => {
    const server = await opened({ faults: [{ fault: "status", status, times: 1 }] });
    const response = await impatient()(server.origin);
    expect(response.status).toBe(200);
    expect(server.requests).toHaveLength(2);
  });

  test.each([400, 404, 408, 409, 421, 425, 500, 501, 505])(
    "gives a %i to the caller",
    async (status) => {
      const server = await opened({ faults: [{ fault: "status", status, body: "why" }] });
      const { statusCode, body } = await impatient().request(server.origin);
      expect(statusCode).toBe(status);
      expect(await body.text()).toBe("why");
      expect(server.requests).toHaveLength(1);
    },
  );
});

describe("numbers in retryOn", () => {
  test("covers a listed status, and no other", async () => {
    const server = await opened();
    const upstream = impatient({ retry: { retryOn: [500, 418] } });
    server.script([busy(500), busy(418)]);
    expect((await upstream(server.origin)).status).toBe(200);
    server.script([busy(503, 0)]);
    expect((await upstream(server.origin)).status).toBe(503);
    expect(server.requests).toHaveLength(4);
  });

  test("opts the POST of a call in", async () => {
    const server = await opened({ faults: [{ fault: "status", status: 409, times: 1 }] });
    const init = { method: "POST", body: "a", retry: { retryOn: [409] } };
    expect((await impatient()(server.origin, init)).status).toBe(200);
    expect(server.requests.map(({ body }) => body?.toString())).toEqual(["a", "a"]);
  });
});

describe("the response to the last attempt", () => {
  const long = "x".repeat(300_000);

  test.each([
    ["a short body", "why"],
    ["a long body", long],
  ])("is complete with %s, and its connection is used again", async (_kind, body) => {
    const server = await opened({ faults: [{ fault: "status", status: 503, body, times: 6 }] });
    const upstream = impatient();
    const { statusCode, body: answer } = await upstream.request(server.origin);
    expect(statusCode).toBe(503);
    expect(await answer.text()).toBe(body);
    const last = server.requests.at(-1);
    expect(server.requests).toHaveLength(3);
    const response = await upstream(server.origin);
    expect([response.status, (await response.text()) === body]).toEqual([503, true]);
    expect(server.requests[3]?.connection).toBe(last?.connection);
    expect((await upstream(server.origin)).status).toBe(200);
  });

  test("has its own headers", async () => {
    const server = await opened();
    server.script([1, 2, 3].map((n) => ({ fault: "status", headers: { "x-try": `${n}` } })));
    expect((await impatient()(server.origin)).headers.get("x-try")).toBe("3");
  });
});

test("a response with Retry-After beyond the deadline is given immediately", async () => {
  const clock = manualClock();
  const server = await opened({ faults: [{ fault: "status", retryAfter: 30 }] });
  const upstream = client({ clock });
  const { statusCode, headers, body } = await upstream.request(server.origin);
  expect([statusCode, headers["retry-after"], await body.text()]).toEqual([503, "30", "503"]);
  const bound = upstream.bind({ deadlineMs: clock.now() + 1000 });
  server.script([busy(429, 1)]);
  expect((await bound(server.origin)).status).toBe(429);
  expect(server.requests).toHaveLength(2);
  expect(clock.pending).toBe(0);
});

test("a POST gets its 503 immediately, and is resent if it has a key", async () => {
  const server = await opened({ faults: [{ fault: "status", retryAfter: 0, methods: ["POST"] }] });
  const upstream = impatient();
  const first = await upstream(server.origin, { method: "POST", body: "a" });
  expect([first.status, server.requests.length]).toEqual([503, 1]);
  const headers = { "idempotency-key": "k" };
  const second = await upstream(server.origin, { method: "POST", body: "a", headers });
  expect([second.status, server.requests.length]).toEqual([503, 4]);
});

test("a HEAD is resent, and no body needs to be read", async () => {
  const server = await opened({ faults: [{ fault: "status", times: 2 }] });
  const { statusCode } = await impatient().request(server.origin, { method: "HEAD" });
  expect([statusCode, server.requests.length]).toEqual([200, 3]);
});
