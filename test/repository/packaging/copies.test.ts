import http from "node:http";
import { createRequire } from "node:module";

import express from "express";
import { describe, expect, onTestFinished, test } from "vitest";

import type * as Agent from "@reissue/agent";
import type * as Core from "@reissue/core";
import type * as Express from "@reissue/express";
import type * as Upstream from "@reissue/upstream";
import { faultyUpstream } from "@reissue/testing";

import { listening } from "../../support/listen.ts";

interface Copy {
  readonly agent: typeof Agent;
  readonly core: typeof Core;
  readonly express: typeof Express;
  readonly upstream: typeof Upstream;
}

/** Loads every package once more, as a process has them that has two versions. */
function loadCopy(): Copy {
  const require = createRequire(import.meta.url);
  for (const path of Object.keys(require.cache)) {
    if (/[/\\]packages[/\\][^/\\]+[/\\]dist[/\\]/.test(path)) delete require.cache[path];
  }
  return {
    agent: require("@reissue/agent"),
    core: require("@reissue/core"),
    express: require("@reissue/express"),
    upstream: require("@reissue/upstream"),
  };
}

const one = loadCopy();
const other = loadCopy();

describe("two copies of the packages in one process", () => {
  test("an error of one is translated by a gate of the other", async () => {
    const gate = one.express.reissue();
    const closed = await faultyUpstream();
    await closed.close();
    const upstream = other.upstream.createUpstream({ retry: { unsentWindowMs: 0 } });
    onTestFinished(() => upstream.close());
    let caught: unknown;
    const origin = await serve(gate, (app) => {
      app.get("/", async () => {
        await upstream(closed.origin).catch((error: unknown) => {
          caught = error;
          throw error;
        });
      });
    });
    expect((await fetch(origin)).status).toBe(502);
    expect(caught).not.toBeInstanceOf(one.core.UpstreamError);
    expect(one.core.isReissueError(caught)).toBe(true);
  });

  test("a client and a store of one serve a gate of the other", async () => {
    const orders = await faultyUpstream();
    onTestFinished(() => orders.close());
    const upstream = other.upstream.createUpstream();
    onTestFinished(() => upstream.close());
    const store = other.core.memoryStore();
    const gate = one.express.reissue({ upstream, idempotency: { store, scope: () => "all" } });
    const origin = await serve(gate, (app) => {
      app.post("/", async (request, response) => {
        const { status } = await request.upstream(orders.origin, { method: "POST" });
        response.status(status).end();
      });
    });
    const init = { method: "POST", headers: { "idempotency-key": '"a"' } };
    const statuses = [];
    for (const _ of [1, 2]) statuses.push((await fetch(origin, init)).status);
    expect(statuses).toEqual([200, 200]);
    expect(orders.processedCount).toBe(1);
  });

  test("a route of one belongs to the gate of the other", async () => {
    const store = one.core.memoryStore();
    const gate = one.express.reissue({ idempotency: { store, scope: () => "all" } });
    const route = other.express.reissue().route({ idempotencyKey: "required" });
    const origin = await serve(gate, (app) => {
      app.post("/", route, (_request, response) => void response.end("done"));
    });
    expect((await fetch(origin, { method: "POST" })).status).toBe(400);
  });

  test("a request passes a gate of each, and is claimed once", async () => {
    const store = one.core.memoryStore();
    const idempotency = { store, scope: () => "all" };
    let runs = 0;
    const origin = await serve(one.express.reissue({ idempotency }), (app) => {
      app.use(other.express.reissue({ idempotency }));
      app.post("/", (_request, response) => {
        runs += 1;
        response.end(String(runs));
      });
    });
    const init = { method: "POST", headers: { "idempotency-key": '"b"' } };
    const bodies = [];
    for (const _ of [1, 2]) bodies.push(await (await fetch(origin, init)).text());
    expect(bodies).toEqual(["1", "1"]);
  });

  test("an agent that one has adopted is not adopted again by the other", () => {
    const agent = one.agent.adopt(new http.Agent());
    const prototype: unknown = Object.getPrototypeOf(agent);
    expect(Object.getPrototypeOf(other.agent.adopt(agent))).toBe(prototype);
  });

  test("both publish on the same channels", () => {
    expect(one.core.decisionChannel).toBe(other.core.decisionChannel);
    expect(one.core.idempotencyChannel.name).toBe(other.core.idempotencyChannel.name);
  });
});

/** Starts a service with a gate of one copy; translated errors are rendered by their status. */
async function serve(gate: Express.Gate, mount: (app: express.Express) => void): Promise<string> {
  const app = express();
  app.use(gate);
  mount(app);
  app.use(gate.errors());
  app.use(((error, _request, response, _next) => {
    response.status(error.status ?? 500).end();
  }) as express.ErrorRequestHandler);
  return listening(app);
}
