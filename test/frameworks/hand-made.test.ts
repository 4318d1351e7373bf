import type { RequestListener } from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";

import serverlessExpress from "@codegenie/serverless-express";
import { memoryStore } from "@reissue/core";
import { reissue as expressGate } from "@reissue/express";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import { reissue as koaGate } from "@reissue/koa";
import { manualClock } from "@reissue/testing";
import express5 from "express";
import express4 from "express4";
import fastify from "fastify";
import Koa from "koa";
import inject from "light-my-request";
import serverless from "serverless-http";
import { afterAll, describe, expect, test } from "vitest";

import { listening } from "../support/listen.ts";

/** Answers a payment of an amount with what was paid. */
type Pay = (amount: number) => Promise<string>;

/** Time for the bodies that never end. */
const clock = manualClock();

const options = () => ({ clock, idempotency: { store: memoryStore(), scope: "shared" as const } });

function onExpress(express: typeof express5): RequestListener {
  const gate = expressGate(options());
  const app = express().set("env", "test");
  app.use(gate, express.json());
  app.post("/pay", (req, res) => void res.status(201).send(paid(req.body)));
  app.use(gate.errors());
  return app;
}

/** A handler that reads the stream itself, since body parsers pass over one of no declared length. */
function onKoa(): RequestListener {
  const app = new Koa();
  app.silent = true;
  app.use(koaGate(options()));
  app.use(async (ctx) => {
    ctx.status = 201;
    ctx.body = paid(JSON.parse(await text(ctx.req)));
  });
  return app.callback();
}

async function onFastify(): Promise<RequestListener> {
  const app = fastify();
  await app.register(fastifyPlugin, options());
  app.post("/pay", async (request, reply) => reply.code(201).send(paid(request.body)));
  await app.ready();
  return (request, response) => app.routing(request, response);
}

function paid(body: unknown): string {
  return `paid ${(body as { amount?: number } | undefined)?.amount}`;
}

const headers = { "content-type": "application/json", "idempotency-key": "k" };

/** What API Gateway gives a function. */
function event(amount: number): object {
  const body = JSON.stringify({ amount });
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: "/pay",
    rawQueryString: "",
    headers: { ...headers, "content-length": String(body.length) },
    requestContext: { http: { method: "POST", path: "/pay", sourceIp: "127.0.0.1" } },
    body,
    isBase64Encoded: false,
  };
}

const overHttp = (listener: RequestListener): Pay => {
  const origin = listening(listener);
  return async (amount) => {
    const body = JSON.stringify({ amount });
    const answer = await fetch(`${await origin}/pay`, { method: "POST", headers, body });
    return `${answer.status} ${await answer.text()}`;
  };
};

const viaServerlessHttp = (listener: RequestListener): Pay => {
  const call = serverless(listener);
  return async (amount) => {
    const { statusCode, body } = (await call(event(amount), {})) as Result;
    return `${statusCode} ${body}`;
  };
};

/** Its types are those of a module that has it under `default`. */
const adapt = serverlessExpress as unknown as (options: {
  readonly app: RequestListener;
}) => (event: object, context: object) => Promise<Result>;

const viaServerlessExpress = (listener: RequestListener): Pay => {
  const call = adapt({ app: listener });
  return async (amount) => {
    const { statusCode, body } = await call(event(amount), {});
    return `${statusCode} ${body}`;
  };
};

interface Result {
  readonly statusCode: number;
  readonly body: string;
}

const injecting =
  (payload: (json: string) => string | Readable) =>
  (listener: RequestListener): Pay =>
  async (amount) => {
    const { statusCode, body } = await inject(listener, {
      method: "POST",
      url: "/pay",
      headers,
      payload: payload(JSON.stringify({ amount })),
    });
    return `${statusCode} ${body}`;
  };

const inPieces = (json: string): Readable =>
  Readable.from([json.slice(0, 4), json.slice(4)].map(Buffer.from), { objectMode: false });

// light-my-request puts its own prototypes behind those of Express, for all files that run in this process after this one.
const prototypes = [express5, express4 as unknown as typeof express5].flatMap((express) =>
  [express.request, express.response].map((own: object) => [own, Object.getPrototypeOf(own)]),
) as [own: object, before: object][];

afterAll(() => {
  for (const [own, before] of prototypes) Object.setPrototypeOf(own, before);
});

// It comes last.
describe.each([
  ["Express 5", () => onExpress(express5)],
  ["Express 4", () => onExpress(express4 as unknown as typeof express5)],
  ["Koa", onKoa],
  ["Fastify", onFastify],
] satisfies [string, () => RequestListener | Promise<RequestListener>][])("%s", (name, make) => {
  test.each([
    ["a connection", overHttp],
    ["serverless-http", viaServerlessHttp],
    ["serverless-express", viaServerlessExpress],
    ["an injected string", injecting((json) => json)],
    ["an injected stream", injecting(inPieces)],
  ])(
    "a retry over %s gets the first response, and another amount is refused",
    async (over, via) => {
      const pay = via(await make());
      // Express' parser, told of no length, reads nothing.
      const isUnread = over === "an injected stream" && name.startsWith("Express");
      const first = isUnread ? "201 paid undefined" : "201 paid 1";
      expect(await pay(1)).toBe(first);
      expect(await pay(1)).toBe(first);
      expect(await pay(99)).toMatch(/^422 /);
      expect(await pay(1)).toBe(first);
    },
  );

  test("an injected stream that never ends leads to a 408, and its key stays free", async () => {
    const listener = await make();
    const endless = new Readable({ read() {} });
    endless.push('{"amount"');
    let status = 0;
    const asked = inject(listener, { method: "POST", url: "/pay", headers, payload: endless });
    void asked.then(({ statusCode }) => (status = statusCode));
    await expect.poll(() => clock.pending, { interval: 5 }).toBe(1);
    await clock.advance(300_000);
    // `inject` itself waits for the end of what it was given.
    endless.push(null);
    await expect.poll(() => status, { interval: 5 }).toBe(408);
    expect(clock.pending).toBe(0);
    expect(await injecting((json) => json)(listener)(1)).toBe("201 paid 1");
  });
});
