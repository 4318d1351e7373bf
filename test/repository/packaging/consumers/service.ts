import * as http from "node:http";
import type { AddressInfo } from "node:net";

import { HttpAgent } from "@reissue/agent";
import { classify } from "@reissue/core";
import {
  createUpstream,
  isReissueError,
  memoryStore,
  reissue,
  UpstreamError,
} from "@reissue/express";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import { reissue as koaGate, type Gate as KoaGate } from "@reissue/koa";
import { handler } from "@reissue/server";
import { postgresStore } from "@reissue/store-postgres";
import { redisStore } from "@reissue/store-redis";
import { faultyUpstream } from "@reissue/testing";
import type { UpstreamInit } from "@reissue/upstream";
import express = require("express");

export const others = [HttpAgent, classify, fastifyPlugin, handler, postgresStore, redisStore];
export const koa: KoaGate = koaGate();

async function main(): Promise<void> {
  const orders = await faultyUpstream({ faults: [{ fault: "reset", on: "reused", times: 1 }] });
  const upstream = createUpstream({ origins: { [orders.origin]: { connections: 4 } } });
  const gate = reissue({ upstream, idempotency: { store: memoryStore(), scope: () => "all" } });
  const app = express();
  app.use(gate);
  app.get("/", async (req, res) => {
    const init: UpstreamInit = { method: "GET" };
    const response: Response = await req.upstream(orders.origin, init);
    res.status(response.status).end(await response.text());
  });
  // Before TypeScript 5.9 nothing is inferred through the wrapper.
  const byId = async (req: express.Request<{ id: string }>, res: express.Response): Promise<void> =>
    void res.json(req.params.id);
  app.get("/:id", gate.handler(byId));
  app.use(gate.errors());
  const server = http.createServer(app).listen(0, "127.0.0.1", async () => {
    try {
      const { port } = server.address() as AddressInfo;
      const { status } = await fetch(`http://127.0.0.1:${port}/`);
      console.log(status);
    } catch (error) {
      if (error instanceof UpstreamError || isReissueError(error)) console.error(error.code);
    }
    server.close();
    server.closeAllConnections();
    await upstream.close();
    await orders.close();
  });
}

void main();
