// @ts-check
import { hash } from "node:crypto";
import { once } from "node:events";

import { bodyParser } from "@koa/bodyparser";
import { Router } from "@koa/router";
import { memoryStore } from "@reissue/core";
import * as onExpress from "@reissue/express";
import * as onFastify from "@reissue/fastify";
import * as onKoa from "@reissue/koa";
import { redisStore } from "@reissue/store-redis";
import express from "express";
import fastify from "fastify";
import Koa from "koa";
import { createClient } from "redis";

import { peers } from "./peers.js";

/**
 * How long keys are remembered: over some rounds, so that a store holds a few thousands of them and forgets as many as
 * come.
 */
const retentionMs = 3000;

/**
 * What a service does about the keys of its requests: nothing; the least that a handler could do by hand, in Redis with
 * a client that is told to give its commands no timeouts or one that is told nothing; the least that a middleware could
 * do, in memory; or what keeps its answers.
 *
 * @typedef {"nothing" | "by hand" | "by hand, untimed" | "straight" | "Reissue" | keyof typeof peers} Keeping
 */

/**
 * @typedef {object} Keyed
 * @property {Keeping} keeping
 * @property {string | null} redisUrl - Null where answers are kept in memory.
 * @property {boolean} replays - Whether there is one key only, which is to be remembered for the whole run.
 */

/**
 * What starts a service: `POST /orders` reads a small JSON and answers it.
 *
 * @typedef {(keyed: Keyed) => Promise<import("node:http").Server>} OpenKeyedService
 */

/** @type {Record<string, OpenKeyedService>} */
export const services = {
  "Express 5": async (keyed) => {
    const app = express();
    const idempotency = await settings(keyed);
    const gate = idempotency === null ? null : onExpress.reissue({ idempotency });
    if (gate !== null) app.use(gate);
    const straight = straightLine(keyed);
    if (straight !== null) app.use((req, res, next) => void straight(req, res).then(next, next));
    app.use(express.json());
    const peer = peers[keyed.keeping];
    if (peer !== undefined) app.use(await peer(keyed.redisUrl, ttlMs(keyed)));
    const answer = await byHand(keyed);
    app.post("/orders", async (req, res) => {
      if (answer === null) return void res.json(req.body);
      res.type("json").send(await answer(req.headers, req.body));
    });
    if (gate !== null) app.use(gate.errors());
    return listening(app.listen(0, "127.0.0.1"));
  },

  "Koa 3": async (keyed) => {
    const app = new Koa();
    const router = new Router();
    const idempotency = await settings(keyed);
    if (idempotency !== null) app.use(onKoa.reissue({ idempotency }));
    const straight = straightLine(keyed);
    if (straight !== null) app.use((ctx, next) => straight(ctx.req, ctx.res).then(next));
    app.use(bodyParser());
    const answer = await byHand(keyed);
    router.post("/orders", async (ctx) => {
      ctx.type = "json";
      ctx.body = answer === null ? ctx.request.body : await answer(ctx.headers, ctx.request.body);
    });
    app.use(router.routes());
    return listening(app.listen(0, "127.0.0.1"));
  },

  "Fastify 5": async (keyed) => {
    const app = fastify();
    const idempotency = await settings(keyed);
    if (idempotency !== null) await app.register(onFastify.reissue, { idempotency });
    const straight = straightLine(keyed);
    if (straight !== null) {
      app.addHook("onRequest", (request, reply) => straight(request.raw, reply.raw));
    }
    const answer = await byHand(keyed);
    app.post("/orders", async ({ headers, body }, reply) => {
      if (answer === null) return body;
      reply.type("application/json");
      return answer(headers, body);
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return app.server;
  },
};

/** @param {Keyed} keyed */
async function settings(keyed) {
  if (keyed.keeping !== "Reissue") return null;
  const { redisUrl } = keyed;
  const store =
    redisUrl === null
      ? memoryStore({ maxEntries: 1_000_000, maxBytes: 2 ** 31 })
      : redisStore({ client: await connected(redisUrl) });
  const retentionMs = ttlMs(keyed);
  return {
    store,
    scope: /** @type {const} */ ("shared"),
    leaseMs: 3000,
    retentionMs,
    storeTimeoutMs: 1000,
  };
}

/**
 * What gives the text of an answer and keeps it for the next request with the same key.
 *
 * @typedef {(headers: import("node:http").IncomingHttpHeaders, body: unknown) => string | Promise<string>} Answering
 */

/**
 * The least that a handler could do by hand, which is safe from nothing.
 *
 * @param {Keyed} keyed
 * @returns {Promise<Answering | null>}
 */
async function byHand({ keeping, redisUrl }) {
  const isUntimed = keeping === "by hand, untimed";
  if (keeping !== "by hand" && !isUntimed) return null;
  if (redisUrl === null) return inMap();
  const client = await connected(redisUrl);
  return inRedis(isUntimed ? client.withCommandOptions({ timeout: 0 }) : client);
}

/**
 * One look at Redis, and one write.
 *
 * @param {Pick<import("redis").RedisClientType, "get" | "set">} client
 * @returns {Answering}
 */
function inRedis(client) {
  return async (headers, body) => {
    const key = `by-hand:${headers["idempotency-key"]}`;
    const text = (await client.get(key)) ?? JSON.stringify(body);
    await client.set(key, text, { expiration: { type: "PX", value: retentionMs } });
    return text;
  };
}

/**
 * A Map by the hash of the key, with the hash of the request, so that a key that comes with another one is told.
 *
 * @returns {Answering}
 */
function inMap() {
  /** @type {Map<string, { request: string, text: string, expiresAt: number }>} */
  const kept = expiring(new Map());
  return (headers, body) => {
    const id = hash("sha256", `shared ${headers["idempotency-key"]}`, "base64url");
    const text = JSON.stringify(body);
    const request = hash("sha256", `POST /orders ${headers["content-type"]} ${text}`, "base64url");
    const first = kept.get(id);
    if (first !== undefined && first.request !== request) throw new Error("a mismatch");
    if (first !== undefined) return first.text;
    kept.set(id, { request, text, expiresAt: performance.now() + retentionMs });
    return text;
  };
}

/**
 * Forgets what has expired, once a second.
 *
 * @template {{ expiresAt: number }} Kept
 * @param {Map<string, Kept>} kept
 */
function expiring(kept) {
  setInterval(() => {
    const now = performance.now();
    for (const [id, { expiresAt }] of kept) {
      if (expiresAt > now) break;
      kept.delete(id);
    }
  }, 1000).unref();
  return kept;
}

/**
 * The least that a middleware could do that keeps the answers of any handler: the bytes of the request, two hashes, a
 * claim, and what goes out. It knows no lease, bound, stream or client that leaves, and replays nothing.
 *
 * @param {Keyed} keyed
 * @returns {((req: import("node:http").IncomingMessage, res: import("node:http").ServerResponse) => Promise<void>) | null}
 */
function straightLine({ keeping }) {
  if (keeping !== "straight") return null;
  /** @type {Map<string, { request: string, answer: unknown, expiresAt: number }>} */
  const kept = expiring(new Map());
  return async (req, res) => {
    // What came with the head is parsed by then.
    await Promise.resolve();
    const { buffer } = /** @type {{ _readableState: { buffer: Iterable<Buffer> } }} */ (
      /** @type {unknown} */ (req)
    )._readableState;
    const [body] = buffer;
    const id = hash("sha256", `shared ${req.headers["idempotency-key"]}`, "base64url");
    const text = `POST ${req.url} ${req.headers["content-type"]} ${body?.toString("latin1")}`;
    const request = hash("sha256", text, "base64url");
    if (kept.has(id)) throw new Error("a retry");
    /** @type {{ request: string, answer: unknown, expiresAt: number }} */
    const record = { request, answer: null, expiresAt: performance.now() + retentionMs };
    kept.set(id, record);
    /** @type {unknown} */
    let headers = null;
    /** @type {Buffer[]} */
    const chunks = [];
    const { writeHead, write, end } =
      /** @type {Record<string, (...args: unknown[]) => unknown>} */ (/** @type {unknown} */ (res));
    Object.assign(res, {
      writeHead(/** @type {unknown[]} */ ...args) {
        headers = args.at(-1);
        return Reflect.apply(writeHead, res, args);
      },
      write(/** @type {unknown[]} */ ...args) {
        chunks.push(Buffer.from(/** @type {string} */ (args[0])));
        return Reflect.apply(write, res, args);
      },
      end(/** @type {unknown[]} */ ...args) {
        chunks.push(Buffer.from(/** @type {string} */ (args[0])));
        record.answer = { status: res.statusCode, set: res.getHeaders(), headers, chunks };
        return Reflect.apply(end, res, args);
      },
    });
  };
}

/** @param {Keyed} keyed */
function ttlMs({ replays }) {
  return replays ? 3_600_000 : retentionMs;
}

/** @param {string} url */
async function connected(url) {
  const client = createClient({ url });
  client.on("error", console.error);
  return client.connect();
}

/** @param {import("node:http").Server} server */
async function listening(server) {
  await once(server, "listening");
  return server;
}
