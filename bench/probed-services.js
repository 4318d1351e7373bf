// @ts-check
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { memoryStore } from "@reissue/core";
import { reissue } from "@reissue/express";
import { redisStore } from "@reissue/store-redis";
import express from "express";
import { createClient } from "redis";

import { peers } from "./peers.js";

const dayMs = 86_400_000;

/**
 * @typedef {object} Probed
 * @property {string | null} redisUrl - Null where answers are kept in memory.
 * @property {number} leaseMs - How long a claim of a service that has died keeps its key, where there are leases.
 */

/** What every probe sees of a run in its answer. */
let runs = 0;
/** @type {Map<string, number>} */
const runsOfKey = new Map();

/**
 * Services on Express that keep answers, for probes of what they do with them.
 *
 * @type {Record<string, (probed: Probed) => Promise<import("node:http").Server>>}
 */
export const services = {
  Reissue: async ({ redisUrl, leaseMs }) => {
    const gate = reissue({
      idempotency: {
        store:
          redisUrl === null ? memoryStore() : redisStore({ client: await connected(redisUrl) }),
        scope: (/** @type {import("express").Request} */ req) =>
          req.get("authorization") ?? "nobody",
        leaseMs,
        storeTimeoutMs: leaseMs / 3,
      },
    });
    return listening(
      (app) => app.use(gate),
      (app) => app.use(gate.errors()),
    );
  },
  ...Object.fromEntries(
    Object.entries(peers).map(([name, peer]) => [
      name,
      async (/** @type {Probed} */ { redisUrl }) => {
        const middleware = await peer(redisUrl, dayMs);
        return listening(
          () => {},
          () => {},
          middleware,
        );
      },
    ]),
  ),
};

/**
 * @param {(app: import("express").Express) => void} before
 * @param {(app: import("express").Express) => void} after
 * @param {import("express").RequestHandler} [parsed] - What goes behind the body parser.
 */
async function listening(before, after, parsed) {
  const app = express();
  // Express prints no errors then.
  app.set("env", "test");
  app.get("/runs/:key", (req, res) => void res.json(runsOfKey.get(req.params.key) ?? 0));
  before(app);
  app.use(express.json());
  if (parsed !== undefined) app.use(parsed);
  app.use((req, _res, next) => {
    runs += 1;
    const key = req.get("idempotency-key")?.replaceAll('"', "") ?? "";
    runsOfKey.set(key, (runsOfKey.get(key) ?? 0) + 1);
    next();
  });
  app.post("/orders", async (req, res) => {
    await sleep(20);
    res.json({ run: runs, caller: req.get("authorization") ?? null });
  });
  app.post("/label", (_req, res) => {
    res.type("png").send(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
  });
  app.post("/lines", (_req, res) => {
    res.type("text").write(`run ${runs}\n`);
    res.end("the end\n");
  });
  app.post("/declined", (_req, res) => {
    res.status(402).set("Retry-After", "60").json({ error: "declined", run: runs });
  });
  app.post("/moved", (_req, res) => res.redirect(303, `/orders/${runs}`));
  app.post("/stuck", () => {});
  after(app);
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** @param {string} url */
async function connected(url) {
  const client = createClient({ url, disableOfflineQueue: true });
  // Reconnecting is the client's own business.
  client.on("error", () => {});
  return client.connect();
}
