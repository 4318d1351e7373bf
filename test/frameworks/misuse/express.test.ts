import { memoryStore, reissue, type ReissueOptions } from "@reissue/express";
import type { ErrorRequestHandler, Express, RequestHandler } from "express";
import { describe, expect, test } from "vitest";

import { listening } from "../../support/listen.ts";
import { misuseWarnings } from "../../support/misuse-warnings.ts";
import { opened } from "../../testing/opened.ts";
import { majors } from "../express/service.ts";

/** Mounts a gate and routes in the order of a case. */
type Mount = (app: Express, options: ReissueOptions) => void;

const usesUpstream: RequestHandler = (req, res) => void res.send(typeof req.upstream);
const calls: RequestHandler = (req, res, next) => {
  req
    .upstream(req.query["to"] as string)
    .then((response) => response.text())
    .then((text) => res.send(text), next);
};
const quiet: ErrorRequestHandler = (_error, _req, res, _next) => void res.sendStatus(500);

const keyed = { idempotency: { store: memoryStore(), scope: "shared" } } as const;

/** Sends requests to an app, and returns the codes of what it was warned of. */
async function warned(express: () => Express, mount: Mount, options: ReissueOptions = {}) {
  const orders = await opened({ respond: { body: "fine" } });
  const app = express();
  app.set("env", "test");
  mount(app, options);
  app.use(quiet);
  const origin = await listening(app);
  const body = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
  for (const init of [{}, {}, body, body, {}]) {
    await (await fetch(`${origin}/orders?to=${orders.origin}`, init)).text();
    await (await fetch(`${origin}/nowhere`, init)).text();
  }
  return (await misuseWarnings()).map(({ code }) => code.replace("WARN_REISSUE_", ""));
}

describe.each(majors)("%s with a misuse", (_name, express) => {
  test.each<[string, string, Mount]>([
    [
      "no errors()",
      "ERRORS_NOT_MOUNTED",
      (app, options) => app.use(reissue(options)).all("/orders", calls),
    ],
    [
      "errors() before the routes",
      "ERRORS_BEFORE_ROUTES",
      (app, options) => {
        const gate = reissue(options);
        app.use(gate, express.json()).use(gate.errors()).all("/orders", calls);
      },
    ],
    [
      "errors() before the gate",
      "ERRORS_BEFORE_ROUTES",
      (app, options) => {
        const gate = reissue(options);
        app.use(gate.errors()).use(gate).all("/orders", calls);
      },
    ],
    [
      "errors() before the routers",
      "ERRORS_BEFORE_ROUTES",
      (app, options) => {
        const gate = reissue(options);
        app.use(gate, gate.errors()).use(express.Router().all("/orders", calls));
      },
    ],
    [
      "a gate behind all routes",
      "GATE_AFTER_ROUTES",
      (app, options) => {
        const gate = reissue(options);
        app.all("/orders", calls).use(gate).use(gate.errors());
      },
    ],
    [
      "a gate behind the routes, before the one for all other paths",
      "GATE_AFTER_ROUTES",
      (app, options) => {
        const gate = reissue(options);
        app.use(express.Router().all("/orders", calls)).use(gate);
        app.use((_req, res) => void res.sendStatus(404)).use(gate.errors());
      },
    ],
    [
      "a route with options that comes through no gate",
      "GATE_AFTER_ROUTES",
      (app, options) => {
        const gate = reissue(options);
        const route = gate.route({ retryOn: ["reset"] });
        app.all("/orders", route, (_req, res) => void res.send("fine"));
        app.use(gate, (_req, res) => void res.sendStatus(404)).use(gate.errors());
      },
    ],
    [
      "a gate that is mounted twice",
      "GATE_TWICE",
      (app, options) => {
        const gate = reissue(options);
        app.use(gate, gate).all("/orders", calls).use(gate.errors());
      },
    ],
    [
      "a gate in an app and in its router",
      "GATE_TWICE",
      (app, options) => {
        const gate = reissue(options);
        app.use(gate).use(express.Router().use(gate).all("/orders", calls)).use(gate.errors());
      },
    ],
    [
      "a body parser before a gate with a store",
      "BODY_PARSED",
      (app, options) => {
        const gate = reissue({ ...keyed, ...options });
        app.use(express.json(), gate).all("/orders", calls).use(gate.errors());
      },
    ],
  ])("warns once of %s, and never with validate: false", async (_what, code, mount) => {
    expect(await warned(express, mount)).toEqual([code]);
    expect(await warned(express, mount, { validate: false })).toEqual([]);
  });
});

describe.each(majors)("%s without a misuse", (_name, express) => {
  test.each<[string, Mount]>([
    [
      "the usual order",
      (app, options) => {
        const gate = reissue({ ...keyed, ...options });
        app.use(gate, express.json()).all("/orders", calls).use(gate.errors());
      },
    ],
    [
      "a route for health checks before the gate, and one behind errors()",
      (app, options) => {
        const gate = reissue(options);
        app.get("/nowhere", (_req, res) => void res.send("up"));
        app.use(gate).all("/orders", calls).use(gate.errors());
        app.get("/late", (_req, res) => void res.send("late"));
      },
    ],
    [
      "a proxy behind a route and the gate",
      (app, options) => {
        const gate = reissue(options);
        app.get("/health", (_req, res) => void res.send("up")).use(gate);
        app.use("/orders", calls).use(gate.errors());
      },
    ],
    [
      "a gate and errors() of one router",
      (app, options) => {
        const gate = reissue(options);
        app.use(express.Router().use(gate).all("/orders", calls).use(gate.errors()));
      },
    ],
    [
      "a gate of one route, and errors() of the app",
      (app, options) => {
        const gate = reissue(options);
        app.all("/orders", gate, usesUpstream).use(gate.errors());
      },
    ],
    [
      "a gate in an app whose parent has errors()",
      (app, options) => {
        const inner = express().use(reissue(options)).all("/orders", calls);
        app.use(inner).use(reissue(options).errors());
      },
    ],
    [
      "two gates, of which one has errors()",
      (app, options) => {
        const gate = reissue(options);
        app.use(gate, reissue(options)).all("/orders", calls).use(gate.errors());
      },
    ],
    [
      "a gate without errors() whose requests call nothing",
      (app, options) =>
        app.use(reissue(options)).all("/orders", (_req, res) => void res.send("fine")),
    ],
    [
      "a route that ignores keys, before the gate",
      (app, options) => {
        const gate = reissue({ ...keyed, ...options });
        app.use("/orders", gate.route({ idempotencyKey: "ignored" }), express.json());
        app.use(gate).all("/orders", calls).use(gate.errors());
      },
    ],
    [
      "a parser before the gate that stores the raw body",
      (app, options) => {
        const gate = reissue({ ...keyed, ...options });
        const verify = (req: object, _res: unknown, rawBody: Buffer): void =>
          void Object.assign(req, { rawBody });
        app.use(express.json({ verify }), gate).all("/orders", calls).use(gate.errors());
      },
    ],
    [
      "a parser before a gate without a store",
      (app, options) => {
        const gate = reissue(options);
        app.use(express.json(), gate).all("/orders", calls).use(gate.errors());
      },
    ],
  ])("does not warn of %s", async (_what, mount) => {
    expect(await warned(express, mount)).toEqual([]);
  });
});
