import { reissue, type Gate, type ReissueOptions } from "@reissue/express";
import type { Express, RequestHandler } from "express";
import express5 from "express";
import express4 from "express4";
import { describe, expect, test } from "vitest";

import { listening } from "../../support/listen.ts";
import { misuseWarnings } from "../../support/misuse-warnings.ts";

type Mount = (app: Express, gate: Gate) => void;

const four = express4 as unknown as typeof express5;
const respond: RequestHandler = async (_req, res) => void res.send("fine");
const pass: RequestHandler = async (_req, _res, next) => next();

/** Sends two requests to an app, and returns what it was warned of. */
async function warned(express: typeof express5, mount: Mount, options: ReissueOptions = {}) {
  const app = express();
  const gate = reissue(options);
  app.use(gate);
  mount(app, gate);
  const origin = await listening(app.use(gate.errors()));
  for (const _ of [1, 2]) expect(await (await fetch(`${origin}/orders/1`)).text()).toBe("fine");
  return misuseWarnings();
}

const lost: [string, string, Mount][] = [
  ["a route", "/orders/:id", (app) => app.get("/orders/:id", respond)],
  ["a route of all methods", "/orders/:id", (app) => app.all("/orders/:id", respond)],
  [
    "the second of a route's handlers",
    "/orders/:id",
    (app) => app.get("/orders/:id", (_req, _res, next) => next(), respond),
  ],
  [
    "a router in a router",
    "/:id",
    (app) => app.use("/orders", four.Router().use(four.Router().get("/:id", respond))),
  ],
  ["a middleware", "a middleware", (app) => app.use(pass, (_req, res) => void res.send("fine"))],
];

describe("an async handler under Express 4", () => {
  test.each(lost)("leads to one warning: %s", async (_name, place, mount) => {
    const warnings = await warned(four, mount);
    expect(warnings.map(({ code }) => code)).toEqual(["WARN_REISSUE_ASYNC_HANDLER"]);
    expect(warnings[0]?.message).toContain(`the async handler of ${place},`);
    expect(warnings[0]?.message).toContain("docs/troubleshooting.md#warn_reissue_async_handler");
  });

  test("leads to no warning if the check is off", async () => {
    for (const validate of [false, { asyncHandler: false }]) {
      expect(await warned(four, lost[0]![2], { validate })).toEqual([]);
    }
  });
});

describe("a correct handler", () => {
  test.each<[string, typeof express5, Mount]>([
    ["Express 5", express5, (app) => app.use(pass).get("/orders/:id", respond)],
    ["gate.handler", four, (app, gate) => app.get("/orders/:id", gate.handler(respond))],
    [
      "a wrapper of another package",
      four,
      (app) =>
        app.get(
          "/orders/:id",
          (req, res, next) => void Promise.resolve(respond(req, res, next)).catch(next),
        ),
    ],
    [
      "a handler that is not async",
      four,
      (app) => app.get("/orders/:id", (_req, res) => void res.send("fine")),
    ],
  ])("leads to no warning: %s", async (_name, express, mount) => {
    expect(await warned(express, mount)).toEqual([]);
  });
});
