import createError from "http-errors";
import { describe, expect, test } from "vitest";

import { opened } from "../testing/opened.ts";
import { ask, askRaw } from "../support/request.ts";
import { frameworks, type ServiceOptions, type Start } from "../support/frameworks/frameworks.ts";

const refused = Object.assign(new Error("connect ECONNREFUSED 10.0.0.7:3000"), {
  code: "ECONNREFUSED",
  syscall: "connect",
});
const queued = Object.assign(new Error("pool"), { code: "UND_ERR_DESTROYED" });
const late = Object.assign(new Error("late"), { code: "UND_ERR_HEADERS_TIMEOUT" });
/** What a client has received, all of it. */
const theirs = {
  "set-cookie": "session=theirs",
  "x-theirs": "yes",
  "www-authenticate": "Bearer",
  date: "Tue, 24 Nov 2026 22:19:21 GMT",
  connection: "keep-alive",
  "transfer-encoding": "chunked",
};

function throwing(error: unknown): () => never {
  return () => {
    throw error;
  };
}

describe.each(frameworks)("%s", (framework, start: Start) => {
  describe("the translation of a failure", () => {
    test.each<[string, Error, string, number, string]>([
      ["refused", refused, "GET", 502, "true"],
      ["no connection", queued, "PUT", 503, "true"],
      ["late", late, "DELETE", 504, "true"],
      ["refused", refused, "POST", 500, "false"],
      ["late", late, "PATCH", 500, "false"],
    ])("gives it its status: %s", async (_name, error, method, status, shouldRetry) => {
      const service = await start({ run: throwing(error) });
      const answer = await ask(service, { method });
      expect(answer.status).toBe(status);
      expect(answer.headers.get("x-should-retry")).toBe(shouldRetry);
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.get("retry-after")).toBe(status === 503 ? "1" : null);
      expect(answer.body).not.toContain("10.0.0.7");
      expect(service.errors).toHaveLength(1);
      expect(createError.isHttpError(service.errors[0])).toBe(true);
      expect((service.errors[0] as Error).cause).toBe(error);
    });

    test("covers failures of the gate's own upstream", async () => {
      const orders = await opened();
      await orders.close();
      const service = await start({
        upstream: { retry: { unsentWindowMs: 0, maxAttempts: 1 } },
        run: async ({ upstream }) => (await upstream(orders.origin)).text(),
      });
      expect((await ask(service)).status).toBe(502);
      expect((service.errors[0] as Error).cause).toMatchObject({ delivery: "unsent" });
    });

    test("always applies with convert, with problem details and with Proxy-Status", async () => {
      const gate = { convert: "always", problemDetails: true, proxyStatus: "edge" } as const;
      const service = await start({ gate, run: throwing(refused) });
      const answer = await ask(service, { method: "POST" });
      expect(answer.status).toBe(502);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(answer.headers.get("proxy-status")).toContain("edge; error=connection_refused");
      expect(JSON.parse(answer.body)).toEqual({
        type: "urn:reissue:upstream-failed",
        title: "Bad Gateway",
        status: 502,
      });
      expect(service.errors).toMatchObject([{ status: 502, cause: { code: "ECONNREFUSED" } }]);
    });
  });

  test("an error of the application passes unchanged", async () => {
    const own = createError(418, "teapot");
    const service = await start({ run: throwing(own) });
    expect((await ask(service)).status).toBe(418);
  });

  test.each<[string, object]>([
    ["as Stripe's keep it", { statusCode: 401, headers: theirs }],
    ["as OpenAI's and others of its make do", { status: 401, headers: new Headers(theirs) }],
    ["as those do that give no status", { code: 401, headers: theirs }],
  ])(
    "the response of an upstream on a client's error, %s, never becomes the response of the gateway",
    async (_, fields) => {
      const thrown = Object.assign(new Error("Invalid API key sk_live_1"), fields);
      const service = await start({ run: throwing(thrown) });
      const answer = await ask(service);
      expect(answer.status).toBe(500);
      for (const name of ["set-cookie", "x-theirs", "www-authenticate", "x-should-retry"]) {
        expect(answer.headers.get(name)).toBeNull();
      }
      expect(answer.body).not.toContain("sk_live_1");
      expect((service.errors[0] as Error).cause).toBe(thrown);
    },
  );

  test.each([
    ["an object", theirs],
    ["a Headers", new Headers(theirs)],
  ])("a response made from such an error has none of its headers: %s", async (_, headers) => {
    const made = createError(502, "x", { headers });
    const service = await start({ run: throwing(made) });
    const answer = await ask(service);
    expect(answer.status).toBe(502);
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(answer.headers.get("x-theirs")).toBeNull();
    expect((service.errors[0] as Error).cause).toBe(made);
  });

  // What answers for node:http takes http-errors' alone.
  if (framework !== "node:http") {
    test("the headers of an error of the application are sent", async () => {
      const headers = { "WWW-Authenticate": "Bearer", "Retry-After": "60" };
      const own = Object.assign(new Error("who are you?"), { status: 401, headers });
      const service = await start({ run: throwing(own) });
      const answer = await ask(service);
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      expect(answer.headers.get("retry-after")).toBe("60");
      expect(service.errors[0]).toBe(own);
    });
  }

  test.each([
    ["an upstream's failure", refused],
    ["an error of its own", new Error("a bug")],
  ])("a response that had begun never looks complete after %s", async (_, thrown) => {
    const service = await start({
      run: async ({ response }) => {
        response.writeHead(200, { "content-type": "text/plain" });
        response.write("half");
        // real time: the head and the first part must reach the client before the failure
        await new Promise((resolve) => setTimeout(resolve, 20));
        throw thrown;
      },
    });
    const text = await askRaw(service, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    expect(text).toContain("half");
    expect(text).not.toContain("0\r\n\r\n");
  });

  describe("the options of a route", () => {
    test("opt it in with retryOn", async () => {
      const service = await start({ route: { retryOn: ["ECONNRESET"] }, run: throwing(refused) });
      const answer = await ask(service, { method: "POST" });
      expect([answer.status, answer.headers.get("x-should-retry")]).toEqual([502, "true"]);
    });

    test("let an outbound POST be sent again with retryOn", async () => {
      const orders = await opened({ faults: [{ fault: "reset", on: "reused", times: 1 }] });
      const service = await start({
        route: { retryOn: ["ECONNRESET"] },
        run: async ({ upstream }) => (await upstream(orders.origin, { method: "POST" })).text(),
      });
      const statuses = [
        await ask(service, { method: "POST" }),
        await ask(service, { method: "POST" }),
      ];
      expect(statuses.map(({ status }) => status)).toEqual([200, 200]);
      expect(orders.requests).toHaveLength(3);
    });

    test("bound outbound attempts with timeoutMs", async () => {
      const orders = await opened({ faults: [{ fault: "hang" }] });
      const service = await start({
        route: { timeoutMs: 100 },
        run: async ({ upstream }) => (await upstream(orders.origin)).text(),
      });
      expect((await ask(service)).status).toBe(504);
      await orders.until(({ open }) => open === 0);
    });

    test("give 504 once timeoutMs has passed", async () => {
      const service = await start({
        route: { timeoutMs: 50 },
        // real time: slower than the route's timeout, which runs on the system clock here
        run: () => new Promise((resolve) => setTimeout(resolve, 300, "late")),
      });
      const answer = await ask(service);
      expect(answer.status).toBe(504);
      expect(service.errors).toHaveLength(1);
    });

    test.each<[string, ServiceOptions["route"], string | null, number]>([
      ["required, missing", { idempotencyKey: "required" }, null, 400],
      ["required, malformed", { idempotencyKey: "required" }, '"a', 400],
      ["required", { idempotencyKey: "required" }, '"a"', 200],
      ["optional, missing", {}, null, 200],
      ["optional, malformed", {}, "a b", 400],
      ["optional, 8000 characters", {}, "k".repeat(8000), 400],
      ["ignored, malformed", { idempotencyKey: "ignored" }, "a b", 200],
    ])("decide about the key: %s", async (_name, route = {}, key, status) => {
      const service = await start({ route, run: () => "done" });
      const headers: Record<string, string> = key === null ? {} : { "idempotency-key": key };
      const answer = await ask(service, { method: "POST", headers });
      expect(answer.status).toBe(status);
      if (status === 400) {
        expect(service.errors[0]).toMatchObject({ status: 400, expose: true });
      }
    });
  });
});
