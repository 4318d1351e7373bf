import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { reissue as expressGate } from "@reissue/express";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import { reissue as koaGate, route as koaRoute } from "@reissue/koa";
import { handler, type GateOptions, type RouteOptions } from "@reissue/server";
import { createUpstream, type BoundUpstream, type UpstreamOptions } from "@reissue/upstream";
import express5 from "express";
import express4 from "express4";
import fastify from "fastify";
import Koa3 from "koa";
import Koa2 from "koa2";
import { onTestFinished } from "vitest";

/** What a case may use of a request, whichever framework carries it. */
export interface Call {
  readonly upstream: BoundUpstream;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The gate's translation of an error, for a case that responds to errors itself. */
  translate(error: unknown): unknown;
}

/** What every framework gives its middleware, one way or another. */
interface Carrier {
  readonly headers: IncomingHttpHeaders;
}

/** A service of one route, as a case describes it. */
export interface ServiceOptions {
  readonly gate?: GateOptions<Carrier>;
  readonly route?: RouteOptions;
  readonly upstream?: UpstreamOptions;
  /** Gives the body of the answer, or a stream of it; null where it has written on the response itself. */
  readonly run: (call: Call) => unknown;
}

/** A service that listens. */
export interface Running {
  readonly origin: string;
  /** What reached the application's own error handling. */
  readonly errors: unknown[];
  /** Ends it before the test does. */
  close(): Promise<void>;
}

/** Starts a service under one framework; it ends with the test. */
export type Start = (options: ServiceOptions) => Promise<Running>;

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** One framework each; all must behave alike. */
export const frameworks: readonly (readonly [string, Start])[] = [
  ["Express 5", (options) => onExpress(express5, options)],
  ["Express 4", (options) => onExpress(express4 as unknown as typeof express5, options)],
  ["Koa 3", (options) => onKoa(Koa3, options)],
  ["Koa 2", (options) => onKoa(Koa2 as unknown as typeof Koa3, options)],
  ["Fastify 5", onFastify],
  ["node:http", onNode],
];

async function onExpress(express: typeof express5, options: ServiceOptions): Promise<Running> {
  const errors: unknown[] = [];
  const gate = expressGate({ ...options.gate, upstream: opened(options) });
  const app = express();
  // So that Express does not print them.
  app.set("env", "test");
  // What a route says of keys has to be known before the gate reads them.
  app.use(gate.route(options.route ?? {}), gate);
  app.use(
    gate.handler(async (request: express5.Request, response: express5.Response) => {
      const { upstream } = request;
      const translate = (error: unknown): unknown => gate.translate(error, request, response);
      const body = await options.run({ upstream, request, response, translate });
      if (body instanceof Readable) await pipeline(body, response);
      else if (body !== null) response.send(body);
    }),
  );
  app.use(gate.errors());
  app.use(
    (
      error: unknown,
      _req: express5.Request,
      _res: express5.Response,
      next: (e: unknown) => void,
    ) => {
      errors.push(error);
      next(error);
    },
  );
  return listening(app, errors);
}

async function onKoa(Koa: typeof Koa3, options: ServiceOptions): Promise<Running> {
  const errors: unknown[] = [];
  const app = new Koa();
  app.on("error", (error) => errors.push(error));
  app.use(koaRoute(options.route ?? {}));
  const gate = koaGate({ ...options.gate, upstream: opened(options) });
  app.use(gate);
  app.use(async (ctx) => {
    const { upstream, req: request, res: response } = ctx;
    const translate = (error: unknown): unknown => gate.translate(error, ctx);
    const body = await options.run({ upstream, request, response, translate });
    if (body === null) ctx.respond = false;
    else ctx.body = body;
  });
  return listening(app.callback(), errors);
}

async function onFastify(options: ServiceOptions): Promise<Running> {
  const errors: unknown[] = [];
  const app = fastify();
  app.setErrorHandler(async (error) => {
    errors.push(error);
    // Of what is no Error, \`reply.send\` makes a 200.
    throw error;
  });
  await app.register(fastifyPlugin, { ...options.gate, upstream: opened(options) });
  const config = { reissue: options.route ?? {} };
  app.all("/*", { config }, async (request, reply) => {
    const { upstream, raw } = request;
    const translate = (error: unknown): unknown => app.reissue.translate(error, request, reply);
    const body = await options.run({ upstream, request: raw, response: reply.raw, translate });
    return body === null ? reply.hijack() : body;
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  const close = async (): Promise<void> => {
    app.server.closeAllConnections();
    await app.close();
  };
  onTestFinished(close);
  const { port } = app.server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, errors, close };
}

async function onNode(options: ServiceOptions): Promise<Running> {
  const errors: unknown[] = [];
  const listener = handler<BoundUpstream>(
    async (request, response) => {
      const { upstream } = request;
      const translate = (error: unknown): unknown => listener.translate(error, request, response);
      const body = await options.run({ upstream, request, response, translate });
      if (body instanceof Readable) await pipeline(body, response);
      else if (body !== null) response.end(body);
    },
    {
      ...options.gate,
      ...options.route,
      upstream: opened(options),
      onError: (error) => errors.push(error),
    },
  );
  return listening(listener, errors);
}

function opened(options: ServiceOptions): ReturnType<typeof createUpstream> {
  const upstream = createUpstream(options.upstream);
  onTestFinished(() => upstream.dispatcher.destroy());
  return upstream;
}

async function listening(listener: Listener, errors: unknown[]): Promise<Running> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  const close = async (): Promise<void> => server.close().closeAllConnections();
  onTestFinished(close);
  await once(server, "listening");
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, errors, close };
}
