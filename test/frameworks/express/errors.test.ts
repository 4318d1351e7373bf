import { request as httpRequest } from "node:http";

import { classify, isReissueError, UpstreamError } from "@reissue/core";
import { reissue } from "@reissue/express";
import { Agent, interceptors, request } from "undici";
import { describe, expect, onTestFinished, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { majors, Service, signal } from "./service.ts";

test("the translator has the four parameters by which Express recognises it", () => {
  expect(reissue().errors().length).toBe(4);
});

test.each([null, undefined, {}])("a request whose socket is %o causes no failure", (socket) => {
  const passed: unknown[] = [];
  const translate = (error: unknown, res: object): void =>
    reissue().errors()(error, { method: "GET", socket } as never, res as never, (given) => {
      passed.push(given);
    });
  const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  translate(reset, { headersSent: false });
  translate(reset, { headersSent: true, writableEnded: true, finished: true });
  translate(null, { headersSent: false });
  expect(passed).toMatchObject([{ status: 502 }, reset, { status: 500, cause: null }]);
});

/** As http-errors makes them. */
const chosen = Object.assign(new Error("gone"), { status: 404, statusCode: 404, expose: true });

describe.each(majors)("%s", (_, express) => {
  test.each(["GET", "HEAD", "PUT", "DELETE"])(
    "a failed %s gets a retryable status",
    async (method) => {
      const orders = await opened();
      await orders.refuse();
      const service = await new Service(express, {
        retry: { unsentWindowMs: 0, maxAttempts: 1 },
      }).handle(async (req, res) => void res.json(await req.upstream(orders.origin)));
      const answer = await fetch(service.origin, { method });
      expect(answer.status).toBe(502);
      expect(answer.headers.get("x-should-retry")).toBe("true");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      const [error] = service.errors;
      expect(error).toMatchObject({ status: 502, expose: false, message: "Bad Gateway" });
      expect((error as Error).cause).toBeInstanceOf(UpstreamError);
    },
  );

  test.each([
    ["POST", {}],
    ["PATCH", {}],
    ["POST", { "idempotency-key": "a-key-that-nobody-deduplicates" }],
  ])(
    "a failed %s with %o gets no retryable status",
    async (method, headers: Record<string, string>) => {
      const orders = await opened({ faults: [{ fault: "reset" }] });
      const service = await new Service(express).handle(
        async (req, res) => void res.json(await req.upstream(orders.origin, { method: "POST" })),
      );
      const answer = await fetch(service.origin, { method, headers });
      expect(answer.status).toBe(500);
      expect(answer.headers.get("x-should-retry")).toBe("false");
      expect((service.errors[0] as Error).cause).toMatchObject({ reason: "not-retry-safe" });
    },
  );

  test("an upstream that does not respond in time leads to a 504", async () => {
    const orders = await opened({ faults: [{ fault: "hang" }] });
    const service = await new Service(express, { retry: { totalTimeoutMs: 50 } }).handle(
      async (req, res) => void res.json(await req.upstream(orders.origin)),
    );
    expect((await fetch(service.origin)).status).toBe(504);
  });

  test("the failures of other clients are translated too", async () => {
    const orders = await opened({ faults: [{ fault: "reset" }] });
    const service = await new Service(express).handle(
      async (_req, res) => void res.json(await fetch(orders.origin)),
    );
    expect((await fetch(service.origin)).status).toBe(502);
    expect((service.errors[0] as Error).cause).toMatchObject({ message: "fetch failed" });
  });

  test.each([
    ["a bug", new TypeError("x is not a function"), 500],
    ["a response that was chosen", chosen, 404],
  ])("%s passes as the same object", async (_, thrown, status) => {
    const service = await new Service(express).handle(() => Promise.reject(thrown));
    const answer = await fetch(service.origin);
    expect(answer.status).toBe(status);
    expect(answer.headers.has("x-should-retry")).toBe(false);
    expect(service.errors).toEqual([thrown]);
    expect(service.errors[0]).toBe(thrown);
  });

  test("the status and the headers of an upstream are not passed on", async () => {
    const orders = await opened({
      respond: { status: 401, headers: { "set-cookie": "session=theirs" } },
    });
    const client = new Agent().compose(interceptors.responseError());
    onTestFinished(() => client.destroy());
    const service = await new Service(express).handle(
      async (_req, res) => void res.json(await request(orders.origin, { dispatcher: client })),
    );
    const answer = await fetch(service.origin);
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([500, null]);
    expect(service.errors[0]).toMatchObject({ status: 500, expose: false });
    expect((service.errors[0] as Error).cause).toMatchObject({ statusCode: 401 });
  });

  test("a thrown value that is not an error passes unchanged", async () => {
    const service = await new Service(express).handle(() => Promise.reject("a string"));
    expect((await fetch(service.origin)).status).toBe(500);
    expect(service.errors).toEqual(["a string"]);
  });

  test("a response that has begun is cut instead of ended", async () => {
    const orders = await opened({
      respond: { body: "x".repeat(200_000) },
      faults: [{ fault: "cut-body", afterBytes: 100_000 }],
    });
    const service = await new Service(express).handle(async (req, res) => {
      const { body } = await req.upstream.request(orders.origin);
      for await (const chunk of body) res.write(chunk);
      res.end();
    });
    const answer = await fetch(service.origin);
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow("terminated");
    expect(isReissueError(service.errors[0])).toBe(true);
  });

  test("a response that has ended is not cut, although it is still being sent", async () => {
    const orders = await opened({ faults: [{ fault: "reset" }] });
    const whole = "x".repeat(2 ** 24);
    const service = await new Service(express).handle(async (req, res) => {
      res.end(whole);
      await req.upstream(orders.origin, { method: "POST" });
    });
    const answer = await fetch(service.origin);
    await expect.poll(() => service.errors, { timeout: 10_000 }).toHaveLength(1);
    expect(await answer.text()).toHaveLength(whole.length);
  });

  test("nothing is translated once the inbound client has disconnected", async () => {
    const orders = await opened({ faults: [{ fault: "hang" }] });
    const passed = signal<unknown>();
    const service = new Service(express);
    await service.handle(async (req) => {
      try {
        await req.upstream(orders.origin);
      } catch (error) {
        passed.give(error);
        throw error;
      }
    });
    const inbound = httpRequest(service.origin).on("error", () => {});
    inbound.end();
    await orders.until((stats) => stats.heads === 1, 10_000);
    inbound.destroy();
    expect(classify(await passed.given).kind).toBe("aborted");
    await expect.poll(() => service.errors, { timeout: 10_000 }).toHaveLength(1);
    expect(service.errors[0]).toBe(await passed.given);
  });

  test("a client that disconnects during its upload is no failure of an upstream", async () => {
    const orders = await opened();
    const passed = signal<unknown>();
    const service = new Service(express);
    await service.handle(async (req) => {
      try {
        await req.upstream(orders.origin, { method: "PUT", body: req, duplex: "half" });
      } catch (error) {
        passed.give(error);
        throw error;
      }
    });
    const headers = { "content-length": 100 };
    const inbound = httpRequest(service.origin, { method: "PUT", headers }).on("error", () => {});
    inbound.write("half");
    await orders.until((stats) => stats.heads === 1, 10_000);
    inbound.destroy();
    const error = await passed.given;
    await expect.poll(() => service.errors, { timeout: 10_000 }).toHaveLength(1);
    expect(service.errors[0]).toBe(error);
  });
});
