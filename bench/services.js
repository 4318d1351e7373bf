// @ts-check
import { once } from "node:events";

import { bodyParser } from "@koa/bodyparser";
import { Router } from "@koa/router";
import * as onExpress from "@reissue/express";
import * as onFastify from "@reissue/fastify";
import * as onKoa from "@reissue/koa";
import express from "express";
import fastify from "fastify";
import Koa from "koa";

/**
 * What starts a service, bare or with its adapter mounted: `GET /orders/:id` answers a small JSON, `POST /orders` reads
 * one and answers it. Neither calls an upstream.
 *
 * @typedef {(mounted: boolean) => Promise<import("node:http").Server>} OpenService
 */

/** @type {Record<string, OpenService>} */
export const services = {
  "Express 5": async (mounted) => {
    const app = express();
    const gate = onExpress.reissue();
    if (mounted) app.use(gate);
    app.use(express.json());
    app.get("/orders/:id", async (req, res) => void res.json({ id: req.params.id, item: "tea" }));
    app.post("/orders", async (req, res) => void res.json(req.body));
    if (mounted) app.use(gate.errors());
    return listening(app.listen(0, "127.0.0.1"));
  },

  "Koa 3": async (mounted) => {
    const app = new Koa();
    const router = new Router();
    if (mounted) app.use(onKoa.reissue());
    app.use(bodyParser());
    router.get("/orders/:id", async (ctx) => {
      ctx.body = { id: ctx.params.id, item: "tea" };
    });
    router.post("/orders", async (ctx) => {
      ctx.body = ctx.request.body;
    });
    app.use(router.routes());
    return listening(app.listen(0, "127.0.0.1"));
  },

  "Fastify 5": async (mounted) => {
    const app = fastify();
    if (mounted) await app.register(onFastify.reissue);
    app.get("/orders/:id", async (request) => {
      const { id } = /** @type {{ id: string }} */ (request.params);
      return { id, item: "tea" };
    });
    app.post("/orders", async (request) => request.body);
    await app.listen({ port: 0, host: "127.0.0.1" });
    return app.server;
  },
};

/** @param {import("node:http").Server} server */
async function listening(server) {
  await once(server, "listening");
  return server;
}
