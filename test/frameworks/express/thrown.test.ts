import { reissue, type Gate } from "@reissue/express";
import express5 from "express";
import express4 from "express4";
import { describe, onTestFinished, test } from "vitest";

import {
  compareWithBare,
  listen,
  type Build,
  type Thrower,
} from "../../support/frameworks/bare-frameworks.ts";
import { falsy, someThrown, unanswered } from "../errors/thrown-values.ts";

type Handler = express5.RequestHandler;
/** Adds what fails. */
type Place = (app: express5.Express, thrower: Thrower, gate: Gate | null) => unknown;

function raise(value: unknown): never {
  throw value;
}

function built(express: typeof express5, place: Place, hasOwn: boolean): Build {
  return async (thrower, options) => {
    // So that Express does not print them.
    const app = express().set("env", "test");
    const gate = options === null ? null : reissue(options);
    if (gate !== null) {
      onTestFinished(() => gate.close());
      app.use(gate);
    }
    place(app, thrower, gate);
    if (gate !== null) app.use(gate.errors());
    if (hasOwn) {
      app.use(((error, _req, _res, next) => {
        thrower.tell(error);
        next(error);
      }) as express5.ErrorRequestHandler);
    }
    return listen(app);
  };
}

const first: Handler = () => raise(new Error("the first"));

const places: Record<string, Place> = {
  "a handler": (app, { make }) => app.post("/a", ({ headers }) => raise(make(headers))),
  "a handler, next": (app, { make }) =>
    app.post("/a", ({ headers }, _res, next) => next(make(headers))),
  "a middleware, later": (app, { make }) =>
    app.use(({ headers }, _res, next) => void setImmediate(() => next(make(headers)))),
  "a parameter's handler": (app, { make }) => {
    app.param("id", ({ headers }, _res, next) => next(make(headers) as Error));
    app.post("/:id", (_req, res) => void res.send("never"));
  },
  "an error handler": (app, { make }) => {
    app.post("/a", first);
    app.use(((_error, { headers }, _res, _next) =>
      raise(make(headers))) as express5.ErrorRequestHandler);
  },
  "an error handler, next": (app, { make }) => {
    app.post("/a", first);
    app.use(((_error, { headers }, _res, next) =>
      next(make(headers))) as express5.ErrorRequestHandler);
  },
};

const rejecting: Place = (app, { make }) =>
  app.post("/a", async ({ headers }) => raise(make(headers)));

describe.each<[string, typeof express5]>([
  ["Express 5", express5],
  ["Express 4", express4 as unknown as typeof express5],
])("%s as the place of a thrown value", (_, express) => {
  test.each(Object.entries(places))(
    "leads to the same call of the error handler as without Reissue: %s",
    async (name, place) => {
      await compareWithBare(built(express, place, false), unanswered.express, someThrown);
      const names = name === "a handler" ? undefined : someThrown;
      await compareWithBare(built(express, place, true), unanswered.express, names);
    },
  );
});

test("Express 5 gets the rejection of an async handler", async () => {
  await compareWithBare(built(express5, rejecting, true), unanswered.express);
});

test("gate.handler() rejects in Express 4 as Express 5 does by itself", async () => {
  const in4: Place = (app, { make }, gate) => {
    app.post(
      "/a",
      gate!.handler(async ({ headers }: express5.Request) => raise(make(headers))) as Handler,
    );
  };
  const build: Build = (thrower, options) => {
    return options === null
      ? built(express5, rejecting, false)(thrower, null)
      : built(express4 as unknown as typeof express5, in4, false)(thrower, options);
  };
  await compareWithBare(build, [...unanswered.express, ...falsy]);
});
