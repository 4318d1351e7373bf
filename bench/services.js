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
 * What is mounted: nothing, the adapter, or in its place what does nothing at all, the least that a framework asks of
 * anything that is mounted there.
 *
 * @typedef {"nothing" | "Reissue" | "no-op"} Mounted
 */

/**
 * What starts a service: `GET /orders/:id` answers a small JSON, `POST /orders` reads one and answers it. Neither calls
 * an upstream.
 *
 * @typedef {(mounted: Mounted) => Promise<import("node:http").Server>} OpenService
 */

/** @type {Record<string, OpenService>} */
export const services = {
  "Express 5": async (mounted) => {
    const app = express();
    const gate = onExpress.reissue();
    if (mounted === "Reissue") app.use(gate);
    if (mounted === "no-op") app.use((_req, _res, next) => next());
    app.use(express.json());
    app.get("/orders/:id", async (req, res) => void res.json({ id: req.params.id, item: "tea" }));
    app.post("/orders", async (req, res) => void res.json(req.body));
    if (mounted === "Reissue") app.use(gate.errors());
    if (mounted === "no-op") app.use(passOn);
    return listening(app.listen(0, "127.0.0.1"));
  },

  "Koa 3": async (mounted) => {
    const app = new Koa();
    const router = new Router();
    if (mounted === "Reissue") app.use(onKoa.reissue());
    if (mounted === "no-op") app.use((_ctx, next) => next());
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
    if (mounted === "Reissue") await app.register(onFastify.reissue);
    if (mounted === "no-op") app.addHook("onRequest", goOn);
    app.get("/orders/:id", async (request) => {
      const { id } = /** @type {{ id: string }} */ (request.params);
      return { id, item: "tea" };
    });
    app.post("/orders", async (request) => request.body);
    await app.listen({ port: 0, host: "127.0.0.1" });
    return app.server;
  },
};

/**
 * A hook of Fastify's.
 *
 * @param {import("fastify").FastifyRequest} _request
 * @param {import("fastify").FastifyReply} _reply
 * @param {() => void} done
 */
function goOn(_request, _reply, done) {
  done();
}

/**
 * An error handler of Express', which it knows by its four parameters.
 *
 * @param {unknown} error
 * @param {express.Request} _req
 * @param {express.Response} _res
 * @param {express.NextFunction} next
 */
function passOn(error, _req, _res, next) {
  next(error);
}

/** @param {import("node:http").Server} server */
async function listening(server) {
  await once(server, "listening");
  return server;
}
