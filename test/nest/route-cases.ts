import type { MiddlewareConsumer, Type, VersioningOptions } from "@nestjs/common";
import { memoryStore } from "@reissue/server";
import { describe, expect, test } from "vitest";

import { startApplication, type Application } from "./application.ts";
import { controller, decorateMethod, module } from "./controller.ts";
import type { NestVersion, Platform } from "./versions.ts";

const json = { "content-type": "application/json" };
const keyed = (key: string, body = "{}") => ({
  headers: { ...json, "idempotency-key": key },
  body,
});

/** The requirements of routes with their own rule for keys. */
export function routeCases(nest: NestVersion): void {
  const { Controller, Get, Post, RequestMethod } = nest.common;
  const { Idempotent, ReissueModule, RetryOn } = nest.reissue;

  describe("a key whose route the gate cannot know, since its version is in the body", () => {
    test("is read too late, which the response and the log say", async () => {
      const { VersioningType } = nest.common;
      const versions = [
        controller(nest, () => "1", Post("orders")),
        controller(nest, () => "2", Post("orders"), Idempotent()),
      ];
      for (const [index, Class] of versions.entries())
        Controller({ version: `${index + 1}` })(Class);
      const idempotency = { store: memoryStore(), scope: "shared" as const };
      const validate = { bodyParsed: false };
      const gate = ReissueModule.forRoot({ idempotencyKey: "ignored", idempotency, validate });
      const logged: unknown[] = [];
      const log = (message: unknown): unknown => logged.push(message);
      const App = module(nest, versions, [gate]);
      const startWith = (create: object): Promise<Application> =>
        startApplication(nest, "express", App, {
          create,
          configure(app) {
            const extractor = (request: unknown): string =>
              (request as { readonly body: { readonly version: string } }).body.version;
            app.enableVersioning({ type: VersioningType.CUSTOM, extractor });
          },
        });
      const { post } = await startWith({ logger: { log() {}, warn: log, error: log } });
      expect((await post("/orders", keyed("a", '{"version":"1"}'))).body).toBe("1");
      expect(logged).toEqual([]);
      const second = keyed("a", '{"version":"2"}');
      const failed = await post("/orders", second);
      expect([failed.status, failed.body]).toEqual([
        500,
        {
          statusCode: 500,
          message: expect.stringMatching(/^The Idempotency-Key .*#err_reissue_body_consumed$/),
        },
      ]);
      expect(logged).toEqual([expect.stringContaining("#err_reissue_body_consumed")]);

      const advised = await startWith({ rawBody: true });
      for (const _again of [1, 2]) expect((await advised.post("/orders", second)).body).toBe("2");
    });
  });

  describe("routes with one path", () => {
    const { VersioningType } = nest.common;
    const custom = {
      type: VersioningType.CUSTOM,
      extractor: (request: unknown): string =>
        (request as { readonly headers: Record<string, string> }).headers["x-api"] ?? "",
    } as const;
    test.each<[string, VersioningOptions | null, (own: "1" | "2") => object]>([
      [
        "version in a header",
        { type: VersioningType.HEADER, header: "X-Version" },
        (own) => ({ "x-version": own }),
      ],
      [
        "version in their media type",
        { type: VersioningType.MEDIA_TYPE, key: "v=" },
        (own) => ({ accept: `application/json;v=${own}` }),
      ],
      ["version that the application extracts", custom, (own) => ({ "x-api": own })],
      ["host", null, (own) => ({ "x-forwarded-host": `${own}.test` })],
    ])("on Express keep their own rules for keys, by %s", async (_, versioning, headersOf) => {
      for (const withKeys of ["1", "2"] as const) {
        const runs = { "1": 0, "2": 0 };
        const Classes = (["1", "2"] as const).map((own) => {
          const decorators =
            own === withKeys
              ? [Post(["orders", "sales"]), Idempotent()]
              : [Post(["orders", "sales"])];
          const Class = controller(nest, () => `${own}: ${(runs[own] += 1)}`, ...decorators);
          Controller(versioning === null ? { host: `${own}.test` } : { version: own })(Class);
          return Class;
        });
        const idempotency = { store: memoryStore(), scope: "shared" as const };
        const gate = ReissueModule.forRoot({ idempotencyKey: "ignored", idempotency });
        const { post } = await startApplication(nest, "express", module(nest, Classes, [gate]), {
          configure(app) {
            if (versioning !== null) return void app.enableVersioning(versioning);
            const express = app.getHttpAdapter().getInstance() as {
              set(name: string, value: boolean): void;
            };
            express.set("trust proxy", true);
          },
        });
        for (const [again, path] of ["/orders", "/orders", "/sales", "/sales"].entries()) {
          for (const own of ["1", "2"] as const) {
            const { headers, body } = keyed(path.slice(1));
            const response = await post(path, { headers: { ...headers, ...headersOf(own) }, body });
            const count = own === withKeys ? Math.floor(again / 2) + 1 : again + 1;
            expect(response.body, `${withKeys} ${path}`).toBe(`${own}: ${count}`);
          }
        }
      }
    });
  });

  describe.each<Platform>(["express", "fastify"])("routes on platform-%s", (platform) => {
    /** Starts an application in which only routes that say so take keys. */
    const start = (
      controllers: Type[],
      configure?: (consumer: MiddlewareConsumer) => void,
    ): Promise<Application> => {
      const idempotency = { store: memoryStore(), scope: "shared" as const };
      const gate = ReissueModule.forRoot({ idempotencyKey: "ignored", idempotency });
      const App = module(nest, controllers, [gate]);
      if (configure !== undefined) Object.assign(App.prototype, { configure });
      return startApplication(nest, platform, App);
    };
    const counting = (): (() => object) => {
      let runs = 0;
      return () => ({ runs: (runs += 1) });
    };
    const pass = (_request: unknown, _response: unknown, next: () => void): void => next();

    describe("a middleware of the route", () => {
      test.each<[string, (Orders: Type) => Parameters<Forwarded>]>([
        ["the controller", (Orders) => [Orders]],
        ["a path and a method", () => [{ path: "orders/:id", method: RequestMethod.POST }]],
        ["a path", () => ["orders/:id"]],
        ["all methods", () => [{ path: "orders/:id", method: RequestMethod.ALL }]],
      ])("leaves the route its rule for keys if it is bound to %s", async (_, routes) => {
        const Orders = controller(nest, counting(), Post("orders/:id"), Idempotent());
        const { post } = await start([Orders], (consumer) => {
          consumer.apply(pass).forRoutes(...routes(Orders));
          consumer.apply(pass, pass).forRoutes(...routes(Orders));
        });
        for (const _again of [1, 2]) {
          const { status, body } = await post("/orders/1", keyed("a"));
          expect([status, body]).toEqual([201, { runs: 1 }]);
        }
      });
    });

    test("a route never gets the rule of a later route with a parameter", async () => {
      const special = controller(nest, counting(), Post("orders/special"));
      const any = controller(nest, counting(), Post("orders/:id"), Idempotent());
      const { post } = await start([special, any]);
      for (const runs of [1, 2]) {
        expect((await post("/orders/special", keyed("a"))).body).toEqual({ runs });
      }
      for (const _again of [1, 2]) {
        expect((await post("/orders/1", keyed("a"))).body).toEqual({ runs: 1 });
      }
    });

    describe("handlers that a controller inherits", () => {
      /** A class of controllers with a handler that counts per controller. */
      const inheriting = (...decorators: MethodDecorator[]) => {
        class Base {
          runs = 0;
          pay(): object {
            return { runs: (this.runs += 1) };
          }
        }
        decorateMethod(Base, "pay", Post("pay"), ...decorators);
        return Base;
      };

      test("have the rule of their own class, and not the rule of a sibling", async () => {
        const Base = inheriting();
        class Charges extends Base {}
        class Refunds extends Base {}
        class Payouts extends Charges {}
        for (const [path, Class] of Object.entries({
          charges: Charges,
          refunds: Refunds,
          payouts: Payouts,
        }))
          Controller(path)(Class);
        Idempotent({ idempotencyKey: "required" })(Charges);
        const { post } = await start([Charges, Refunds, Payouts]);
        for (const path of ["/charges/pay", "/payouts/pay"]) {
          expect((await post(path, { headers: json, body: "{}" })).status, path).toBe(400);
          for (const _again of [1, 2]) {
            const { status, body } = await post(path, keyed(path));
            expect([status, body], path).toEqual([201, { runs: 1 }]);
          }
          expect((await post(path, keyed(path, '{"other":1}'))).status, path).toBe(422);
        }
        for (const runs of [1, 2]) {
          expect((await post("/refunds/pay", keyed("a"))).body).toEqual({ runs });
        }
      });

      test("keep their own rule, and take further options of their class", async () => {
        const Base = inheriting(Idempotent({ idempotencyKey: "required" }));
        class Charges extends Base {}
        Controller("charges")(Charges);
        RetryOn("ECONNRESET")(Charges);
        Idempotent({ idempotencyKey: "optional" })(Charges);
        const { post } = await start([Charges]);
        expect((await post("/charges/pay", { headers: json, body: "{}" })).status).toBe(400);
        for (const _again of [1, 2]) {
          expect((await post("/charges/pay", keyed("a"))).body).toEqual({ runs: 1 });
        }
      });

      test("are no handlers if the class overrides them without a path", async () => {
        class Refunds extends inheriting() {
          override pay(): object {
            return { own: true };
          }
        }
        Controller("refunds")(Refunds);
        Idempotent()(Refunds);
        expect(new Refunds().pay()).toEqual({ own: true });
        const { post } = await start([Refunds]);
        expect((await post("/refunds/pay", keyed("a"))).status).toBe(404);
      });

      test("are called with their arguments, whose metadata their class inherits", async () => {
        class Base {
          find(id: string): object {
            return { id };
          }
        }
        nest.common.Param("id")(Base.prototype, "find", 0);
        decorateMethod(Base, "find", Get(":id"));
        class Charges extends Base {}
        Controller("charges")(Charges);
        Idempotent()(Charges);
        const { get } = await start([Charges]);
        expect((await get("/charges/7")).body).toEqual({ id: "7" });
      });
    });
  });
}

type Forwarded = ReturnType<MiddlewareConsumer["apply"]>["forRoutes"];
