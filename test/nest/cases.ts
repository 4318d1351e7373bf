import type { AdapterCase } from "@reissue/testing";
import type { ArgumentsHost, INestApplication } from "@nestjs/common";
import { memoryStore } from "@reissue/server";
import { describe, expect, test } from "vitest";

import { opened } from "../testing/opened.ts";
import { openShop, type Shop, type ShopOptions } from "./shop.ts";
import type { NestVersion, Platform } from "./versions.ts";

/** Nest calls it so at a signal; its types have no parameter. */
interface Closable {
  close(signal: string): Promise<void>;
}

type Own = Omit<ShopOptions, "nest" | "platform">;

const json = { "content-type": "application/json" };
const keys = () => ({ idempotency: { store: memoryStore(), scope: "shared" as const } });
const keyed = (key: string, body = '{"amount":1}') => ({
  headers: { ...json, "idempotency-key": key },
  body,
});

/**
 * The requirements of the module, on each platform of a version.
 *
 * @param keyCases - Requirements of keyed requests, beside those of its own.
 */
export function nestCases(nest: NestVersion, keyCases: readonly AdapterCase[] = []): void {
  describe.each<Platform>(["express", "fastify"])("the module on platform-%s", (platform) => {
    const shop = (options: Own = {}): Promise<Shop> => openShop({ nest, platform, ...options });

    describe("an upstream that loses requests", () => {
      test("loses no GET, whichever way the handler gets the client", async () => {
        const orders = await opened({ respond: { body: '{"id":1}' } });
        const { get } = await shop({ upstream: orders.origin });
        for (const path of ["/orders/1", "/own", "/stock", "/guarded"]) {
          expect((await get(path)).status).toBe(200);
          orders.script([{ fault: "reset" }]);
          expect((await get(path)).status, path).toBe(200);
        }
        expect(orders.requests.filter(({ fault }) => fault === "reset")).toHaveLength(4);
      });

      test("leads to a 500 for a POST that must not be retried, and to a resend with @RetryOn", async () => {
        const orders = await opened({ respond: { body: '{"id":1}' } });
        const { post } = await shop({ upstream: orders.origin });
        await post("/orders");
        orders.script([{ fault: "reset" }]);
        const failed = await post("/orders");
        expect([failed.status, failed.body]).toEqual([
          500,
          { statusCode: 500, message: "Internal server error" },
        ]);
        expect(failed.headers.get("x-should-retry")).toBe("false");
        await post("/orders/1/confirm");
        orders.script([{ fault: "reset" }]);
        expect((await post("/orders/1/confirm")).status).toBe(201);
      });

      test("leads to a 502 if it refuses connections and a replay is safe", async () => {
        const orders = await opened();
        await orders.close();
        const upstream = { retry: { unsentWindowMs: 0, maxAttempts: 1 } };
        const { get, post } = await shop({ upstream: orders.origin, reissue: { upstream } });
        // A handler, a request-scoped service and a guard.
        for (const path of ["/orders/1", "/stock", "/guarded"]) {
          const failed = await get(path);
          expect([failed.status, failed.body], path).toEqual([
            502,
            { statusCode: 502, message: "Bad Gateway" },
          ]);
          expect(failed.headers.get("x-should-retry")).toBe("true");
          expect(failed.headers.get("cache-control")).toBe("no-store");
        }
        expect((await post("/orders")).status).toBe(500);
        expect((await post("/orders/1/confirm")).status).toBe(502);
      });

      test("is described in problem details", async () => {
        const orders = await opened();
        await orders.close();
        const upstream = { retry: { unsentWindowMs: 0, maxAttempts: 1 } };
        const reissue = { upstream, problemDetails: true };
        const failed = await (await shop({ upstream: orders.origin, reissue })).get("/orders/1");
        expect(failed.headers.get("content-type")).toBe("application/problem+json");
        expect(failed.body).toMatchObject({ type: "urn:reissue:upstream-failed", status: 502 });
      });
    });

    describe.each(["useGlobalFilters", "APP_FILTER"] as const)("a filter by %s", (filterBy) => {
      const failing = async (filter: NonNullable<Own["filter"]>): Promise<Shop> => {
        const orders = await opened();
        await orders.close();
        const upstream = { retry: { unsentWindowMs: 0, maxAttempts: 1 } };
        return shop({ upstream: orders.origin, reissue: { upstream }, filter, filterBy });
      };

      test("gets an HttpException, and formats it", async () => {
        const { get } = await failing((exception, host) => {
          const { HttpException } = nest.common;
          const status = exception instanceof HttpException ? exception.getStatus() : 418;
          send(host, status, { mine: status, cause: String((exception as Error).cause) });
        });
        for (const path of ["/orders/1", "/guarded", "/stock"]) {
          const failed = await get(path);
          expect([failed.status, failed.body], path).toEqual([
            502,
            { mine: 502, cause: expect.stringContaining("ECONNREFUSED") },
          ]);
          expect(failed.headers.get("x-should-retry")).toBe("true");
        }
        expect(await get("/missing")).toMatchObject({ status: 404, body: { mine: 404 } });
      });

      test("may throw it again, and Nest responds", async () => {
        const { get } = await failing((exception) => {
          throw exception as Error;
        });
        for (const path of ["/orders/1", "/guarded"]) {
          const failed = await get(path);
          expect(failed.status, path).toBe(502);
          expect(failed.headers.get("x-should-retry")).toBe("true");
        }
      });
    });

    test("errors of the application are left as they are without it", async () => {
      const [plain, gated] = [await shop({ reissue: null }), await shop()];
      const paths = [
        "/missing",
        "/conflict",
        "/tea",
        "/broken",
        "/closed",
        "/numbers/x",
        "/nowhere",
      ];
      for (const path of paths) {
        const [expected, actual] = [await plain.get(path), await gated.get(path)];
        expect([actual.status, actual.body], path).toEqual([expected.status, expected.body]);
        expect(actual.headers.has("x-should-retry"), path).toBe(false);
      }
      const malformed = { headers: json, body: "{" };
      expect((await gated.post("/payments", malformed)).body).toEqual(
        (await plain.post("/payments", malformed)).body,
      );
    });

    describe("a keyed request", () => {
      test("runs once, and its parsed body is compared", async () => {
        const { post, payments } = await shop({ reissue: keys() });
        expect((await post("/payments", keyed("a"))).body).toEqual({ number: 1 });
        const replayed = await post("/payments", keyed("a"));
        expect([replayed.status, replayed.body]).toEqual([201, { number: 1 }]);
        expect(replayed.headers.get("idempotent-replayed")).toBe("true");
        const other = await post("/payments", keyed("a", '{"amount":2}'));
        expect([other.status, other.headers.get("x-should-retry")]).toEqual([422, "false"]);
        expect(payments).toEqual([{ amount: 1 }]);
      });

      test.each<[string, object, (app: INestApplication) => void]>([
        ["rawBody", { rawBody: true }, () => {}],
        [
          "the application's own parser",
          { bodyParser: false, rawBody: true },
          (app) =>
            (app as INestApplication & { useBodyParser(type: string): void }).useBodyParser(
              platform === "express" ? "json" : "application/json",
            ),
        ],
      ])("is replayed with %s", async (_, create, configure) => {
        const { post, payments } = await shop({ reissue: keys(), create, configure });
        await post("/payments/raw", keyed("a"));
        expect((await post("/payments/raw", keyed("a"))).body).toEqual({ number: 1 });
        expect(payments).toEqual(['{"amount":1}']);
      });

      test("is replayed with the headers of CORS", async () => {
        const configure = (app: INestApplication): void => app.enableCors();
        const { post } = await shop({ reissue: keys(), configure });
        await post("/payments", keyed("a"));
        const replayed = await post("/payments", keyed("a"));
        expect(replayed.headers.get("idempotent-replayed")).toBe("true");
        expect(replayed.headers.get("access-control-allow-origin")).toBe("*");
      });

      test("runs each time on a route that ignores keys", async () => {
        const { post, payments } = await shop({ reissue: keys() });
        await post("/unkeyed/1", keyed("a"));
        await post("/unkeyed/1", keyed("a"));
        expect(payments).toHaveLength(2);
      });

      test("is claimed on the routes that say so, if the others ignore keys", async () => {
        const reissue = { ...keys(), idempotencyKey: "ignored" as const };
        const { post, payments } = await shop({ reissue });
        for (const key of ["a", "a", "b"]) await post("/keyed/1", keyed(key));
        expect(payments).toEqual([{ amount: 1 }, { amount: 1 }]);
        for (const key of ["a", "a"]) await post("/payments", keyed(key));
        expect(payments).toHaveLength(4);
      });

      test("is refused if it lacks the key that its route requires, or has a malformed one", async () => {
        const { post } = await shop({ reissue: keys() });
        const refused = await post("/required/1", { headers: json, body: "{}" });
        expect([refused.status, refused.body]).toEqual([
          400,
          { statusCode: 400, message: "This request needs an Idempotency-Key header" },
        ]);
        expect((await post("/required/1", keyed(""))).status).toBe(400);
        expect((await post("/required/1", keyed("a"))).status).toBe(201);
      });
    });

    describe.runIf(keyCases.length > 0)("with memoryStore", () => {
      for (const { name, run } of keyCases) {
        test(name, () =>
          run({
            store: memoryStore(),
            start: async ({ idempotency, route, run: handle }) => {
              const { origin, close } = await shop({
                reissue: { idempotency },
                route,
                run: handle,
              });
              return { origin, close };
            },
          }),
        );
      }
    });

    test("an error is translated for a handler that responds itself, as GraphQL servers do", async () => {
      const refused = Object.assign(new Error(), { code: "ECONNREFUSED", syscall: "connect" });
      const own = new TypeError();
      const translated: unknown[] = [];
      const { get } = await shop({
        run({ request }) {
          for (const error of [refused, own]) {
            translated.push(nest.reissue.translate(error, request));
          }
          return "done";
        },
      });
      await get("/run");
      expect(translated).toEqual([expect.objectContaining({ status: 502, cause: refused }), own]);
    });

    test("the response is 504 once the timeout of the route has expired", async () => {
      const { get } = await shop();
      expect(await get("/hang")).toMatchObject({
        status: 504,
        body: { message: "Gateway Timeout" },
      });
    });

    test("the response is 504 once the timeout of all routes has expired", async () => {
      const { get } = await shop({ reissue: { timeoutMs: 50 }, run: () => new Promise(() => {}) });
      expect(await get("/run")).toMatchObject({ status: 504 });
    });

    test("the module drains at a signal, and closes its client", async () => {
      const orders = await opened({ respond: { body: '{"id":1}' } });
      const { app, get } = await shop({
        upstream: orders.origin,
        reissue: { drain: { lameDuckMs: 200, deadlineMs: 2000 } },
      });
      const client = app.get<(url: string) => Promise<Response>>(nest.reissue.UPSTREAM_CLIENT);
      await get("/orders/1");
      const closed = (app as Closable).close("SIGTERM");
      // Still accepted, and announced to be the last on its connection.
      const last = await get("/orders/1");
      expect([last.status, last.headers.get("connection")]).toEqual([200, "close"]);
      await closed;
      await expect(get("/orders/1")).rejects.toThrow("fetch failed");
      await expect(client(orders.origin)).rejects.toMatchObject({ code: "ERR_REISSUE_CLOSED" });
    });
  });
}

function send(host: ArgumentsHost, status: number, body: object): void {
  const response = host.getArgByIndex(1);
  response.status(status).header("content-type", "application/json").send(JSON.stringify(body));
}
