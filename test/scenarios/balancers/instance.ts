import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { reissue } from "@reissue/express";
import { keepAlive } from "@reissue/server";
import { faultyUpstream, type FaultyUpstream } from "@reissue/testing";
import { createUpstream, type UpstreamOptions } from "@reissue/upstream";
import express from "express";
import createError from "http-errors";
import { onTestFinished } from "vitest";

/** One of the two instances of the service, in this process, and the upstream that it alone calls. */
export interface Instance {
  readonly port: number;
  readonly shop: FaultyUpstream;
  /** Whether it does what it is asked and then hangs up on the balancer. */
  cuts: boolean;
}

/** Of a client that gives up early, so that much gets lost. */
export const impatient: UpstreamOptions = {
  retry: { maxAttempts: 1, unsentWindowMs: 50, attemptTimeoutMs: 100 },
};

/** Starts an instance; it ends with the test. */
export async function startInstance(
  behind: "nginx" | "haproxy",
  options: UpstreamOptions = {},
): Promise<Instance> {
  const shop = await faultyUpstream();
  const upstream = createUpstream(options);
  const gate = reissue({ upstream });
  const app = express();
  // So that Express does not print the errors that it answers.
  app.set("env", "test");
  app.use(gate, express.text());
  app.post("/confirmations", gate.route({ retryOn: ["ECONNRESET"] }));
  app.post("/orders", (_req, res, next) => {
    res.locals["once"] = true;
    next();
  });
  app.use(async (req, res) => {
    const headers = { "x-request-id": req.get("x-request-id") ?? "" };
    const { method, body = null } = req;
    const answer = await req.upstream(shop.origin, { method, headers, body });
    // HAProxy sees the status alone: an upstream's 503 that is passed on has the request sent again.
    if (res.locals["once"] && answer.status >= 500) throw createError(500, "The shop has failed");
    if (instance.cuts) req.socket.destroy();
    else res.status(answer.status).send(await answer.text());
  });
  app.use(gate.errors());
  const server = createServer(app).listen(0, "127.0.0.1");
  keepAlive(server, { behind });
  onTestFinished(async () => {
    server.close().closeAllConnections();
    await upstream.dispatcher.destroy();
    await shop.close();
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const instance: Instance = { port, shop, cuts: false };
  return instance;
}
