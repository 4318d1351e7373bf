import { EventEmitter, once } from "node:events";
import type { IncomingMessage, RequestListener } from "node:http";
import { json } from "node:stream/consumers";

import { memoryStore, reissue } from "@reissue/express";
import { handler } from "@reissue/server";
import { createUpstream, type BoundUpstream } from "@reissue/upstream";
import express from "express";
import { createResponse } from "node-mocks-http";
import { describe, expect, onTestFinished, test } from "vitest";

import { listening } from "../../support/listen.ts";

interface Item {
  readonly url: string;
  readonly key: string;
}

/** What a request that a handler has made from its own differs in. */
const changes = ({ url, key }: Item) => ({
  url,
  originalUrl: url,
  headers: { "idempotency-key": key },
  // Of a request without a body, whose own is that of the batch.
  _readableState: undefined,
});

type Make = (req: object, item: Item) => IncomingMessage;

const copy: Make = (req, item) =>
  Object.assign(
    Object.create(Object.getPrototypeOf(req) as object) as IncomingMessage,
    req,
    changes(item),
  );

const inherit: Make = (req, item) =>
  Object.defineProperties(
    Object.create(req) as IncomingMessage,
    Object.getOwnPropertyDescriptors(changes(item)),
  );

const idempotency = () => ({ store: memoryStore(), scope: "shared" as const });

/** Has each of several requests handled by a listener. @returns their statuses, and whether they are replays. */
async function handleAll(listener: RequestListener, make: Make, req: object, items: Item[]) {
  const responses: unknown[] = [];
  for (const item of items) {
    const response = createResponse({ eventEmitter: EventEmitter });
    const ended = once(response, "end");
    listener(make(req, item), response);
    await ended;
    responses.push([response.statusCode, response.getHeader("idempotent-replayed") ?? "first"]);
  }
  return responses;
}

/** A service whose endpoint `/batch` handles each of several requests, and its runs by path. */
interface Service {
  readonly listener: RequestListener;
  readonly runs: Record<string, number>;
}

/** In Express, which gives every request a prototype of its own. */
function onExpress(gatePlace: "before" | "after"): Service {
  const app = express();
  const gate = reissue({ idempotency: idempotency() });
  const runs: Record<string, number> = {};
  if (gatePlace === "before") app.use(gate);
  app.post("/batch", express.json(), async (req, res) => {
    res.json(await handleAll(app, copy, req, req.body as Item[]));
  });
  if (gatePlace === "after") app.use(gate);
  app.post("/pay/:id", ({ url }, res) => {
    runs[url] = (runs[url] ?? 0) + 1;
    res.status(201).json({ url });
  });
  app.use(gate.errors());
  return { listener: app, runs };
}

function onNode(make: Make): Service {
  const upstream = createUpstream();
  onTestFinished(() => upstream.dispatcher.destroy());
  const runs: Record<string, number> = {};
  const listener: RequestListener = handler<BoundUpstream>(
    async (req, res) => {
      const { url = "" } = req;
      if (url === "/batch") {
        const items = (await json(req)) as Item[];
        res.end(JSON.stringify(await handleAll(listener, make, req, items)));
        return;
      }
      runs[url] = (runs[url] ?? 0) + 1;
      res.writeHead(201).end(url);
    },
    { upstream, idempotency: idempotency() },
  );
  return { listener, runs };
}

describe("requests that a handler makes from its own", () => {
  test.each<[string, () => Service]>([
    ["copies in Express, before the gate", () => onExpress("after")],
    ["copies in Express, behind the gate", () => onExpress("before")],
    ["copies in node:http", () => onNode(copy)],
    ["objects that inherit, in node:http", () => onNode(inherit)],
  ])("have a key each: %s", async (_, open) => {
    const { listener, runs } = open();
    const origin = await listening(listener);
    const items = ["/pay/a", "/pay/b"].map((url): Item => ({ url, key: `key-of-${url}` }));
    const call = async (): Promise<unknown> => {
      const headers = { "content-type": "application/json" };
      const init = { method: "POST", headers, body: JSON.stringify(items) };
      return (await fetch(`${origin}/batch`, init)).json();
    };
    const first = [201, "first"];
    const replayed = [201, "true"];
    expect(await call()).toEqual([first, first]);
    expect(await call()).toEqual([replayed, replayed]);
    expect(runs).toEqual({ "/pay/a": 1, "/pay/b": 1 });
  });
});
