/* oxlint-disable typescript/no-extraneous-class -- Nest wants a class for a module, also for one without members. */
import type {
  ArgumentsHost,
  CallHandler,
  DynamicModule,
  INestApplication,
  MiddlewareConsumer,
  Type,
} from "@nestjs/common";
import { memoryStore } from "@reissue/server";
import { catchError } from "rxjs";
import { describe, expect, test } from "vitest";

import { startApplication } from "./application.ts";
import { controller as controllerOf, module as moduleOf } from "./controller.ts";
import { loadNest, type Platform } from "./versions.ts";

const nest = loadNest(11);
const { Catch, Controller, Get, Module, Post, UseFilters, UseInterceptors } = nest.common;
const { Idempotent, OptionError, ReissueModule, RetryOn } = nest.reissue;

const controller = (run: () => unknown, ...decorators: MethodDecorator[]): Type =>
  controllerOf(nest, run, ...decorators);
const module = (controllers: Type[], imports?: DynamicModule[]): Type =>
  moduleOf(nest, controllers, imports);
const refused = (): Error =>
  Object.assign(new Error("connect ECONNREFUSED 10.0.0.7:3000"), {
    code: "ECONNREFUSED",
    syscall: "connect",
  });
const keyed = {
  headers: { "idempotency-key": "a", "content-type": "application/json" },
  body: "{}",
};

const failing = (): never => {
  throw refused();
};

describe.each<Platform>(["express", "fastify"])("ReissueModule on platform-%s", (platform) => {
  test("takes its options from other providers", async () => {
    const settings = { provide: "settings", useValue: { proxyStatus: "edge" } };
    class Settings {}
    Module({ providers: [settings], exports: ["settings"] })(Settings);
    const asyncModule = ReissueModule.forRootAsync({
      imports: [Settings],
      inject: ["settings"],
      useFactory: async (options: { proxyStatus: string }) => options,
    });
    const app = module([controller(failing, Get("orders"))], [asyncModule]);
    const { get } = await startApplication(nest, platform, app);
    const failed = await get("/orders");
    expect([failed.status, failed.headers.get("proxy-status")]).toEqual([
      502,
      expect.stringContaining("edge"),
    ]);
  });

  test("counts in stats() what the gate of its application has done", async () => {
    const options = { idempotency: { store: memoryStore(), scope: "shared" as const } };
    const controllers = [
      controller(failing, Get("orders")),
      controller(() => ({}), Post("orders"), Idempotent()),
    ];
    const App = module(controllers, [ReissueModule.forRoot(options)]);
    const one = await startApplication(nest, platform, App);
    const other = await startApplication(nest, platform, App);
    await one.get("/orders");
    await one.post("/orders", keyed);
    await one.post("/orders", keyed);
    expect(one.app.get(ReissueModule).stats()).toMatchObject({
      requests: 3,
      keyedRuns: 0,
      idempotency: { claimed: 1, completed: 1, replayed: 1 },
      translations: { 502: 1 },
      timeouts: 0,
      draining: false,
    });
    expect(other.app.get(ReissueModule).stats()).toMatchObject({ requests: 0, translations: {} });
  });

  test("takes its options from a class", async () => {
    class Options {
      createReissueOptions = () => ({ convert: "always" as const });
    }
    const asyncModule = ReissueModule.forRootAsync({ useClass: Options });
    const app = module([controller(failing, Post("orders"))], [asyncModule]);
    const { post } = await startApplication(nest, platform, app);
    expect((await post("/orders")).status).toBe(502);
  });

  test("takes options for all handlers of a controller, which the options of a handler override", async () => {
    let runs = 0;
    const count = (): object => ({ runs: (runs += 1) });
    const Orders = controller(failing, Post("orders"));
    const Counted = controller(count, Post("counted"), Idempotent());
    RetryOn("ECONNRESET")(Orders);
    Idempotent({ idempotencyKey: "ignored" })(Counted);
    const options = { idempotency: { store: memoryStore(), scope: "shared" as const } };
    const app = module([Orders, Counted], [ReissueModule.forRoot(options)]);
    const { post } = await startApplication(nest, platform, app);
    expect((await post("/orders")).status).toBe(502);
    for (const _ of [1, 2]) expect((await post("/counted", keyed)).body).toEqual({ runs: 1 });
  });

  test("finds the options of routes below a prefix, of a version, and with a parameter", async () => {
    let runs = 0;
    const count = (): object => ({ runs: (runs += 1) });
    const Orders = controller(count, Post("orders/:id"), Idempotent({ idempotencyKey: "ignored" }));
    Controller({ version: "1" })(Orders);
    const options = { idempotency: { store: memoryStore(), scope: "shared" as const } };
    const app = module([Orders], [ReissueModule.forRoot(options)]);
    const configure = (created: INestApplication): void => {
      created.setGlobalPrefix("api").enableVersioning();
    };
    const { post } = await startApplication(nest, platform, app, { configure });
    expect((await post("/api/v1/orders/%41?x=1", keyed)).body).toEqual({ runs: 1 });
    expect((await post("/api/v1/orders/%41?x=1", keyed)).body).toEqual({ runs: 2 });
  });

  test("translates errors that a middleware passes on", async () => {
    const App = module([controller(() => "done", Get("orders"))]);
    Object.assign(App.prototype, {
      configure(consumer: MiddlewareConsumer) {
        const middleware = (_req: unknown, _res: unknown, next: (error: unknown) => void): void =>
          next(refused());
        consumer.apply(middleware).forRoutes("{*any}");
      },
    });
    const { get } = await startApplication(nest, platform, App);
    const failed = await get("/orders");
    expect([failed.status, failed.headers.get("x-should-retry")]).toEqual([502, "true"]);
    expect(failed.body).toEqual({ statusCode: 502, message: "Bad Gateway" });
  });

  test("leaves errors to interceptors, and translates what they throw", async () => {
    const { BadGatewayException, ImATeapotException } = nest.common;
    const mapping = (map: (error: unknown) => unknown): MethodDecorator & ClassDecorator =>
      UseInterceptors({
        intercept: (_context: unknown, next: CallHandler) =>
          next.handle().pipe(
            catchError((error: unknown) => {
              throw map(error);
            }),
          ),
      });
    const app = module([
      controller(
        failing,
        Get("mapped"),
        mapping(() => new ImATeapotException()),
      ),
      controller(
        failing,
        Get("wrapped"),
        mapping((cause) => new Error("wrapped", { cause })),
      ),
      controller(
        failing,
        Get("own"),
        mapping(() => new BadGatewayException("mine")),
      ),
    ]);
    const { get } = await startApplication(nest, platform, app);
    expect((await get("/mapped")).status).toBe(418);
    expect((await get("/wrapped")).headers.get("x-should-retry")).toBe("true");
    expect(await get("/own")).toMatchObject({ status: 502, body: { message: "mine" } });
  });

  test("leaves exceptions of the application alone, whatever their cause", async () => {
    const { BadRequestException, HttpException, NotFoundException } = nest.common;
    const throwing =
      (create: (cause: Error) => Error): (() => never) =>
      () => {
        throw create(refused());
      };
    const app = module([
      controller(
        throwing((cause) => new NotFoundException("no such order", { cause })),
        Get("absent"),
      ),
      controller(
        throwing((cause) => new HttpException({ own: true }, 418, { cause })),
        Get("own"),
      ),
      controller(
        throwing(
          (cause) => new Error("in a service", { cause: new BadRequestException("x", { cause }) }),
        ),
        Get("wrapped"),
      ),
    ]);
    const { get } = await startApplication(nest, platform, app);
    const absent = await get("/absent");
    expect(absent).toMatchObject({ status: 404, body: { message: "no such order" } });
    expect(absent.headers.get("x-should-retry")).toBeNull();
    expect(await get("/own")).toMatchObject({ status: 418, body: { own: true } });
    expect((await get("/wrapped")).status).toBe(500);
  });

  test("gives the filter of a handler the translated exception", async () => {
    class Teapots {
      catch(exception: { readonly status: number }, host: ArgumentsHost): void {
        host.getArgByIndex(1).status(418).send({ instead: exception.status });
      }
    }
    Catch(nest.common.HttpException)(Teapots);
    const app = module([controller(failing, Get("orders"), UseFilters(new Teapots()))]);
    const { get } = await startApplication(nest, platform, app);
    expect(await get("/orders")).toMatchObject({ status: 418, body: { instead: 502 } });
  });

  test("leaves another application of the process alone", async () => {
    await startApplication(nest, platform, module([]));
    const { get } = await startApplication(
      nest,
      platform,
      module([controller(failing, Get("x"))], []),
    );
    const failed = await get("/x");
    expect([failed.status, failed.headers.get("x-should-retry")]).toEqual([500, null]);
  });
});

describe("a module that is imported in a wrong way", () => {
  test("without a call of forRoot() fails with a message", async () => {
    const App = module([], [ReissueModule as never]);
    await expect(startApplication(nest, "express", App)).rejects.toThrow(
      "import ReissueModule.forRoot(), not ReissueModule",
    );
  });

  test.each<[string, object]>([
    ["options.useFactry is not an option; did you mean options.useFactory?", { useFactry() {} }],
    ["options must have useFactory, useClass or useExisting", { imports: [] }],
    ["options must have useFactory, useClass or useExisting", { useFactory: {} }],
  ])("does not fall back to defaults: %s", (message, options) => {
    expect(() => ReissueModule.forRootAsync(options)).toThrow(message);
  });

  test("does not fall back to defaults for a factory that returns nothing", async () => {
    const App = module([], [ReissueModule.forRootAsync({ useFactory: (() => {}) as never })]);
    await expect(startApplication(nest, "express", App)).rejects.toThrow(
      "options must be an object",
    );
  });
});

describe("wrong options", () => {
  test.each<[string, () => unknown]>([
    ["ReissueModule.forRoot", () => ReissueModule.forRoot({ upsteam: {} } as never)],
    [
      "ReissueModule.forRoot",
      () => ReissueModule.forRoot({ upstream: { retry: { maxAttempts: 0 } } }),
    ],
    ["@Idempotent", () => Idempotent({ timeoutMs: -1 })],
    ["@RetryOn", () => RetryOn("EPIPE" as never)],
  ])("are errors at once in %s", (_name, create) => {
    expect(create).toThrow(OptionError);
  });
});
