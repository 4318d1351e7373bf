import { EventEmitter, once } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

import { memoryStore } from "@reissue/core";
import { reissue as expressGate } from "@reissue/express";
import { reissue as koaGate } from "@reissue/koa";
import { handler } from "@reissue/server";
import { createUpstream, type BoundUpstream } from "@reissue/upstream";
import express5 from "express";
import express4 from "express4";
import Koa from "koa";
import { createRequest, createResponse, type MockResponse } from "node-mocks-http";
import { describe, expect, onTestFinished, test } from "vitest";

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;
type Json = ServerResponse & { json(body: unknown): unknown };

const idempotency = () => ({ store: memoryStore(), scope: "shared" as const });
let runs = 0;

function onNode(write: (response: ServerResponse) => unknown): RequestListener {
  const upstream = createUpstream();
  onTestFinished(() => upstream.dispatcher.destroy());
  return handler<BoundUpstream>((_request, response) => write(response), {
    upstream,
    idempotency: idempotency(),
  });
}

function onExpress(express: typeof express5): Listener {
  const app = express().set("env", "test");
  const gate = expressGate({ idempotency: idempotency() });
  app.use(gate);
  app.post("/", (_req, res) => void res.status(201).json({ run: (runs += 1) }));
  app.use(gate.errors());
  app.use(
    ((error, _req, res, _next) =>
      void res.status(error.status).send()) as express5.ErrorRequestHandler,
  );
  return app;
}

const listeners: [name: string, make: () => Listener][] = [
  ["handler, end", () => onNode((r) => void ((r.statusCode = 201), r.end(`run ${(runs += 1)}`)))],
  [
    "handler, writeHead",
    () =>
      onNode(
        (r) => void (r.writeHead(201, { link: "<a>" }).write("run "), r.end(`${(runs += 1)}`)),
      ),
  ],
  [
    "handler, json",
    () => onNode((r) => void ((r.statusCode = 201), (r as Json).json({ run: (runs += 1) }))),
  ],
  ["Express 5", () => onExpress(express5)],
  ["Express 4", () => onExpress(express4 as unknown as typeof express5)],
  [
    "a middleware by itself",
    () => {
      const gate = expressGate({ idempotency: idempotency() });
      return (request, response) =>
        gate(request, response, (error) => {
          response.statusCode = (error as { status?: number } | undefined)?.status ?? 201;
          response.end(`run ${(runs += 1)}`);
        });
    },
  ],
  [
    "Koa",
    () => {
      const app = new Koa();
      app.silent = true;
      app.use(koaGate({ idempotency: idempotency() }));
      app.use((ctx) => void ((ctx.status = 201), (ctx.body = `run ${(runs += 1)}`)));
      return app.callback();
    },
  ],
];

async function ask(listener: Listener, body: object): Promise<MockResponse<ServerResponse>> {
  const headers = { "content-type": "application/json", "idempotency-key": "k" };
  const request = createRequest({ method: "POST", url: "/", headers, body });
  const response = createResponse<ServerResponse>({ eventEmitter: EventEmitter });
  const ended = once(response, "end", { signal: AbortSignal.timeout(5000) });
  listener(request, response);
  await ended;
  return response;
}

function textOf(response: MockResponse<ServerResponse>): string {
  const bytes = response._getBuffer();
  return bytes.length > 0 ? bytes.toString() : String(response._getData());
}

describe("a response of node-mocks-http", () => {
  test.each(listeners)("is stored and replayed by %s", async (_name, make) => {
    const listener = make();
    runs = 0;
    const first = await ask(listener, { amount: 1 });
    const second = await ask(listener, { amount: 1 });
    expect([first.statusCode, second.statusCode, runs]).toEqual([201, 201, 1]);
    expect(textOf(first)).toContain("1");
    expect(textOf(second)).toBe(textOf(first));
    expect(second.getHeader("idempotent-replayed")).toBe("true");
    expect((await ask(listener, { amount: 2 })).statusCode).toBe(422);
  });
});
