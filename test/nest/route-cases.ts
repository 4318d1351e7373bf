import type { MiddlewareConsumer, Type } from "@nestjs/common";
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

  test("a key that is read too late, behind a route of another version, is reported in the response and the log", async () => {
    const { VersioningType } = nest.common;
    const versions = [
      controller(nest, () => "1", Post("orders")),
      controller(nest, () => "2", Post("orders"), Idempotent()),
    ];
    for (const [index, Class] of versions.entries()) Controller({ version: `${index + 1}` })(Class);
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
          app.enableVersioning({ type: VersioningType.HEADER, header: "version" });
        },
      });
    const { post } = await startWith({ logger: { log() {}, warn: log, error: log } });
    const { headers, body } = keyed("a");
    expect((await post("/orders", { headers: { ...headers, version: "1" }, body })).body).toBe("1");
    expect(logged).toEqual([]);
    const failed = await post("/orders", { headers: { ...headers, version: "2" }, body });
    expect([failed.status, failed.body]).toEqual([
      500,
      {
        statusCode: 500,
        message: expect.stringMatching(/^The Idempotency-Key .*#err_reissue_body_consumed$/),
      },
    ]);
    expect(logged).toEqual([expect.stringContaining("#err_reissue_body_consumed")]);

    const advised = await startWith({ rawBody: true });
    const second = { headers: { ...headers, version: "2" }, body };
    for (const _again of [1, 2]) expect((await advised.post("/orders", second)).body).toBe("2");
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
