import type { RequestListener } from "node:http";
import { format } from "node:util";

import { reissue as expressGate } from "@reissue/express";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import { reissue as koaGate } from "@reissue/koa";
import express5 from "express";
import express4 from "express4";
import fastify from "fastify";
import Koa3 from "koa";
import Koa2 from "koa2";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { freePort } from "../support/free-port.ts";
import { listening } from "../support/listen.ts";

const impatient = { upstream: { retry: { unsentWindowMs: 0, maxAttempts: 1 } } };

type Start = (url: string, print: (text: string) => void) => Promise<string>;

function withExpress(express: typeof express5): Start {
  return (url) => {
    const gate = expressGate(impatient);
    onTestFinished(() => gate.close());
    const app = express().set("env", "production");
    app.use(gate);
    app.get(
      "/",
      gate.handler(async function fetchOrder(req, res) {
        res.end(await (await req.upstream(url)).text());
      }) as express5.RequestHandler,
    );
    app.use(gate.errors());
    return listening(app as RequestListener);
  };
}

function withKoa(Koa: typeof Koa3): Start {
  return (url) => {
    const gate = koaGate(impatient);
    onTestFinished(() => gate.close());
    const app = new Koa();
    app.use(gate).use(async function fetchOrder(ctx) {
      ctx.body = await (await ctx.upstream(url)).text();
    });
    return listening(app.callback());
  };
}

const withFastify: Start = async (url, print) => {
  const app = fastify({ logger: { stream: { write: print } } });
  onTestFinished(() => app.close());
  await app.register(fastifyPlugin, impatient);
  app.get("/", async function fetchOrder(request) {
    return (await request.upstream(url)).text();
  });
  return app.listen({ port: 0, host: "127.0.0.1" });
};

describe.each<[string, Start]>([
  ["Express 5", withExpress(express5)],
  ["Express 4", withExpress(express4 as unknown as typeof express5)],
  ["Koa 3", withKoa(Koa3)],
  ["Koa 2", withKoa(Koa2 as unknown as typeof Koa3)],
  ["Fastify 5", withFastify],
])("the default error handling of %s", (_, start) => {
  test("prints what happened, where, and in which handler, and the client gets none of it", async () => {
    const printed: string[] = [];
    const error = vi.spyOn(console, "error");
    error.mockImplementation((...values) => void printed.push(format(...values)));
    onTestFinished(() => error.mockRestore());
    const upstream = `http://127.0.0.1:${await freePort()}`;
    const origin = await start(`${upstream}/orders/7`, (text) => printed.push(text));
    const response = await fetch(origin);
    expect(response.status).toBe(502);
    const seen = `${await response.text()} ${JSON.stringify([...response.headers])}`;
    expect(seen).not.toMatch(/ECONN|UpstreamError|fetchOrder|refused/);
    expect(seen).not.toContain(new URL(upstream).port);
    // Express prints a turn of the event loop after it has responded.
    await vi.waitFor(() => expect(printed.join()).toContain("ECONNREFUSED"));
    const log = printed.join("\n");
    expect(log).toContain(`GET ${upstream}: connection refused, it was not sent (ECONNREFUSED)`);
    expect(log).toMatch(/at (async )?(\w+\.)?fetchOrder/);
    expect(log).toContain("Error: connect ECONNREFUSED");
    expect(log.length).toBeLessThan(6000);
  });
});
