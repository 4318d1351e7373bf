// @ts-check
import { Idempotency, IdempotencyError, IdempotencyErrorCodes } from "@node-idempotency/core";
import { MemoryStorageAdapter } from "@node-idempotency/storage-adapter-memory";
import { RedisStorageAdapter } from "@node-idempotency/storage-adapter-redis";
import { getSharedIdempotencyService, idempotency } from "express-idempotency";
import redisAdapter from "express-idempotency-redis-adapter";
import { InMemoryDataAdapter } from "express-idempotency/dist/defaults/inMemoryDataAdapter.js";

/**
 * Other middleware for Express that keeps answers, as its documentation mounts it: after the body parser.
 *
 * @typedef {(redisUrl: string | null, ttlMs: number) => Promise<import("express").RequestHandler>} Peer
 */

/** @type {Record<string, Peer>} */
export const peers = {
  "express-idempotency": async (redisUrl, ttlMs) => {
    const dataAdapter = redisUrl === null ? forgetting(ttlMs) : await keeping(redisUrl, ttlMs);
    const middleware = idempotency({ dataAdapter });
    const service = getSharedIdempotencyService();
    return (req, res, next) =>
      void middleware(req, res, (error) => {
        // It calls on after a replay too, and every handler has to ask.
        if (error !== undefined || !service.isHit(req)) next(error);
      });
  },

  // It has no middleware for Express: this does what its NestJS interceptor does.
  "@node-idempotency": async (redisUrl, ttlMs) => {
    const storage = redisUrl === null ? new MemoryStorageAdapter() : await connected(redisUrl);
    const engine = new Idempotency(storage, { cacheTTLMS: ttlMs });
    return async (req, res, next) => {
      const { headers, body, url: path, method } = req;
      const request = { headers, body, path, method };
      try {
        const answer = await engine.onRequest(request);
        if (answer === undefined) {
          keepSent(res, (sent) => engine.onResponse(request, sent));
          return next();
        }
        res.status(Number(answer.additional?.statusCode)).set("Idempotent-Replayed", "true");
        res.send(answer.body);
      } catch (error) {
        next(error instanceof IdempotencyError ? withStatus(error) : error);
      }
    };
  },
};

/**
 * express-idempotency's own memory, emptied as often as others forget: it never does so by itself, and reads all of it
 * three times for every request.
 *
 * @param {number} ttlMs
 */
function forgetting(ttlMs) {
  const adapter = new InMemoryDataAdapter();
  setInterval(() => {
    Object.assign(adapter, { idempotencyResources: [] });
  }, ttlMs).unref();
  return adapter;
}

/**
 * @param {string} url
 * @param {number} ttlMs
 */
async function keeping(url, ttlMs) {
  const adapter = new redisAdapter.default({
    connectionConfig: { url },
    ttl: Math.ceil(ttlMs / 1000),
  });
  await adapter.connect();
  return adapter;
}

/**
 * Holds an answer back until it is kept: the value that the handler gives, as NestJS has it.
 *
 * @param {import("express").Response} res
 * @param {(answer: import("@node-idempotency/core").IdempotencyResponse) => Promise<void>} keep
 */
function keepSent(res, keep) {
  const { json, send } = res;
  const held = (/** @type {unknown} */ body) => {
    // What gives the answer calls these again.
    Object.assign(res, { json, send });
    void keep({ body, additional: { statusCode: res.statusCode } }).then(() => res.send(body));
    return res;
  };
  Object.assign(res, { json: held, send: held });
}

/** @param {string} url */
async function connected(url) {
  const storage = new RedisStorageAdapter({ url });
  await storage.connect();
  return storage;
}

/** @param {IdempotencyError} error */
function withStatus(error) {
  const isOther = error.code === IdempotencyErrorCodes.IDEMPOTENCY_FINGERPRINT_MISSMATCH;
  return Object.assign(error, { status: isOther ? 422 : 409 });
}
