import { reissue } from "@reissue/koa";
import Koa3 from "koa";
import Koa2 from "koa2";
import { describe, onTestFinished, test } from "vitest";

import {
  compareWithBare,
  listen,
  type Build,
  type Thrower,
} from "../../support/frameworks/bare-frameworks.ts";
import { someThrown, unanswered } from "../errors/thrown-values.ts";

/** Adds what fails. */
type Place = (app: Koa3, thrower: Thrower) => unknown;

function raise(value: unknown): never {
  throw value;
}

function built(Koa: typeof Koa3, place: Place): Build {
  return async (thrower, options) => {
    const app = new Koa();
    app.on("error", thrower.tell);
    if (options !== null) {
      const gate = reissue(options);
      onTestFinished(() => gate.close());
      app.use(gate);
    }
    place(app, thrower);
    return listen(app.callback());
  };
}

const places: Record<string, Place> = {
  "an async middleware": (app, { make }) => app.use(async ({ headers }) => raise(make(headers))),
  "a middleware": (app, { make }) => app.use(({ headers }) => raise(make(headers))),
  "a promise of a middleware's": (app, { make }) =>
    app.use(({ headers }) => Promise.reject(make(headers))),
  "an error handler": (app, { make }) => {
    app.use(async ({ headers }, next) => {
      try {
        await next();
      } catch {
        raise(make(headers));
      }
    });
    app.use(() => raise(new Error("the first")));
  },
};

describe.each([
  ["Koa 3", Koa3],
  ["Koa 2", Koa2 as unknown as typeof Koa3],
])("%s with a thrown value", (_, Koa) => {
  test.each(Object.entries(places))(
    "gets the same error as without Reissue from %s",
    async (name, place) => {
      const names = name === "an async middleware" ? undefined : someThrown;
      await compareWithBare(built(Koa, place), unanswered.koa, names);
    },
  );
});
