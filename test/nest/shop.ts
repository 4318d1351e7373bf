import type {
  ArgumentsHost,
  CanActivate,
  ExecutionContext,
  INestApplication,
} from "@nestjs/common";
import type { BoundUpstream, ReissueOptions } from "@reissue/nest";
import type { IncomingMessage, ServerResponse } from "node:http";

import { startApplication, type Application } from "./application.ts";
import type { NestVersion, Platform } from "./versions.ts";

/** What a case may add to the shop. */
export interface ShopOptions {
  readonly nest: NestVersion;
  readonly platform: Platform;
  /** The upstream of every route. */
  readonly upstream?: string;
  /** The module's options; null for an application without the module. */
  readonly reissue?: ReissueOptions | null;
  /** A catch-all filter, of all routes. */
  readonly filter?: (exception: unknown, host: ArgumentsHost) => void;
  /** How the filter is registered. */
  readonly filterBy?: "useGlobalFilters" | "APP_FILTER";
  /** Does what a `main.ts` does before it listens. */
  readonly configure?: (app: INestApplication) => void;
  /** Runs for requests to `/run`. */
  readonly run?: (call: { request: IncomingMessage; response: ServerResponse }) => unknown;
  readonly route?: { readonly timeoutMs?: number };
  readonly create?: object;
}

/** A running shop. */
export interface Shop extends Application {
  /** The bodies of requests to `/payments` that its handler has run for. */
  readonly payments: unknown[];
}

type AnyRequest = IncomingMessage & {
  readonly raw?: IncomingMessage;
  readonly body: unknown;
  readonly rawBody?: Buffer;
  readonly upstream: BoundUpstream;
};
type AnyResponse = ServerResponse & {
  readonly raw?: ServerResponse;
  send(body: unknown): void;
};

/** Starts an application of NestJS, decorated by calls, as compiled decorators are. */
export async function openShop(options: ShopOptions): Promise<Shop> {
  const { nest, platform, upstream: orders = "", filterBy = "useGlobalFilters" } = options;
  const { Catch, Controller, Get, Inject, Injectable, Module, Param, ParseIntPipe, Post } =
    nest.common;
  const { All, ConflictException, HttpException, NotFoundException, Req, Res, UseGuards } =
    nest.common;
  const { Idempotent, ReissueModule, RetryOn, Upstream, UPSTREAM } = nest.reissue;
  const isGated = options.reissue !== null;
  const payments: unknown[] = [];

  class Stock {
    readonly #upstream: BoundUpstream;
    constructor(upstream: BoundUpstream) {
      this.#upstream = upstream;
    }
    async count(): Promise<unknown> {
      return (await this.#upstream(`${orders}/stock`)).json();
    }
  }
  Injectable()(Stock);
  if (isGated) Inject(UPSTREAM)(Stock, undefined, 0);
  else Inject("nothing")(Stock, undefined, 0);

  /** A guard that asks an upstream who the caller is. */
  class Introspection implements CanActivate {
    async canActivate(context: ExecutionContext): Promise<boolean> {
      const request = context.switchToHttp().getRequest<AnyRequest>();
      return (await request.upstream(`${orders}/introspect`)).ok;
    }
  }
  class Closed implements CanActivate {
    canActivate = () => false;
  }

  class Orders {
    readonly #stock: Stock;
    constructor(stock: Stock) {
      this.#stock = stock;
    }
    async find(id: string, upstream: BoundUpstream) {
      return (await upstream(`${orders}/orders/${id}`)).json();
    }
    async place(upstream: BoundUpstream) {
      return (await upstream(`${orders}/orders`, { method: "POST" })).json();
    }
    async confirm(id: string, upstream: BoundUpstream) {
      return (await upstream(`${orders}/orders/${id}`, { method: "POST" })).json();
    }
    async own(request: AnyRequest) {
      return (await request.upstream(`${orders}/orders/1`)).json();
    }
    count() {
      return this.#stock.count();
    }
    number(id: number) {
      return { id };
    }
    missing() {
      throw new NotFoundException();
    }
    conflict() {
      throw new ConflictException({ own: "body" });
    }
    tea() {
      throw new HttpException("I am a teapot", 418);
    }
    broken() {
      throw new TypeError("secret");
    }
    pay(request: AnyRequest) {
      payments.push(request.rawBody?.toString() ?? request.body);
      return { number: payments.length };
    }
    open() {
      return { open: true };
    }
    hang() {
      return new Promise(() => {});
    }
  }
  const methods = Orders.prototype;
  const decorate = (name: string, ...decorators: MethodDecorator[]): void => {
    const descriptor = Object.getOwnPropertyDescriptor(methods, name);
    for (const decorator of decorators.toReversed()) decorator(methods, name, descriptor!);
  };
  const take = (name: string, ...decorators: ParameterDecorator[]): void => {
    for (const [index, decorator] of decorators.entries()) decorator(methods, name, index);
  };
  take("find", Param("id"), Upstream());
  decorate("find", Get("orders/:id"));
  take("place", Upstream());
  decorate("place", Post("orders"));
  take("confirm", Param("id"), Upstream());
  decorate("confirm", Post("orders/:id/confirm"), RetryOn("ECONNRESET"));
  take("own", Req());
  decorate("own", Get("own"));
  decorate("count", Get("stock"));
  take("number", Param("id", ParseIntPipe));
  decorate("number", Get("numbers/:id"));
  decorate("missing", Get("missing"));
  decorate("conflict", Get("conflict"));
  decorate("tea", Get("tea"));
  decorate("broken", Get("broken"));
  take("pay", Req());
  decorate("pay", Post(["payments", "payments/raw"]));
  for (const [name, idempotencyKey] of [
    ["required/:id", "required"],
    ["unkeyed/:id", "ignored"],
    ["keyed/:id", "optional"],
  ] as const) {
    Object.defineProperty(methods, name, {
      value: (request: AnyRequest) => Orders.prototype.pay(request),
    });
    take(name, Req());
    decorate(name, Post(name), Idempotent({ idempotencyKey }));
  }
  decorate("open", Get("closed"), UseGuards(Closed));
  Object.defineProperty(methods, "guarded", { value: () => ({ open: true }) });
  decorate("guarded", Get("guarded"), UseGuards(Introspection));
  decorate("hang", Get("hang"), Idempotent({ timeoutMs: 50 }));
  Controller()(Orders);
  Inject(Stock)(Orders, undefined, 0);

  class Runner {
    async run(request: AnyRequest, response: AnyResponse) {
      const body = await options.run?.({
        request: request.raw ?? request,
        response: response.raw ?? response,
      });
      if (body !== null) response.send(body);
    }
  }
  const run = Object.getOwnPropertyDescriptor(Runner.prototype, "run")!;
  Req()(Runner.prototype, "run", 0);
  Res()(Runner.prototype, "run", 1);
  All("*")(Runner.prototype, "run", run);
  if (options.route !== undefined) Idempotent(options.route)(Runner.prototype, "run", run);
  Controller()(Runner);

  class AnyFilter {
    catch(exception: unknown, host: ArgumentsHost): void {
      options.filter?.(exception, host);
    }
  }
  Catch()(AnyFilter);
  const isProvided = options.filter !== undefined && filterBy === "APP_FILTER";
  // oxlint-disable-next-line typescript/no-extraneous-class -- as Nest has it.
  class App {}
  Module({
    imports: isGated ? [ReissueModule.forRoot(options.reissue ?? {})] : [],
    controllers: [options.run === undefined ? Orders : Runner],
    providers: [
      Stock,
      { provide: "nothing", useValue: null },
      ...(isProvided ? [{ provide: nest.core.APP_FILTER, useClass: AnyFilter }] : []),
    ],
  })(App);

  const application = await startApplication(nest, platform, App, {
    ...(options.create && { create: options.create }),
    configure(app) {
      options.configure?.(app);
      if (options.filter !== undefined && !isProvided) app.useGlobalFilters(new AnyFilter());
    },
  });
  return { ...application, payments };
}
