import { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";

import * as express from "@reissue/express";
import { memoryStore, reissue as koa } from "@reissue/koa";
import Koa from "koa";
import Koa2 from "koa2";
import { describe, expect, onTestFinished, test } from "vitest";

import { listening } from "../support/listen.ts";

describe("an application that has frozen the prototypes of its requests and responses", () => {
  const keyed = { method: "POST", headers: { "idempotency-key": "a" } };
  const options = () => ({ idempotency: { store: memoryStore(), scope: "shared" as const } });

  test.each([
    ["Koa 3", Koa],
    ["Koa 2", Koa2 as unknown as typeof Koa],
  ])("is served as any other in %s", async (_, App) => {
    const gate = koa(options());
    onTestFinished(() => gate.close());
    const app = new App();
    for (const prototype of [app.context, app.request, app.response]) Object.freeze(prototype);
    app.use(gate);
    app.use((ctx) => {
      ctx.body = Readable.from([typeof ctx.upstream]);
    });
    const origin = await listening(app.callback());
    for (const replayed of [null, "true"]) {
      const response = await fetch(origin, keyed);
      expect([response.status, await response.text()]).toEqual([200, "function"]);
      expect(response.headers.get("idempotent-replayed")).toBe(replayed);
    }
  });

  test("is served as any other in Express", async () => {
    const gate = express.reissue(options());
    gate.errors();
    onTestFinished(() => gate.close());
    // As Express' own, which all apps of this process share.
    const request = Object.freeze(Object.create(IncomingMessage.prototype) as IncomingMessage);
    const response = Object.freeze(Object.create(ServerResponse.prototype) as ServerResponse);
    const origin = await listening((req, res) => {
      Object.setPrototypeOf(req, request);
      Object.setPrototypeOf(res, response);
      gate(req, res, () => {
        res.end(typeof (req as { upstream?: unknown }).upstream);
      });
    });
    for (const replayed of [null, "true"]) {
      const answer = await fetch(origin, keyed);
      expect([answer.status, await answer.text()]).toEqual([200, "function"]);
      expect(answer.headers.get("idempotent-replayed")).toBe(replayed);
    }
  });
});
