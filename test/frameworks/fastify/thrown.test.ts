import { reissue } from "@reissue/fastify";
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type preHandlerHookHandler,
} from "fastify";
import { describe, onTestFinished, test } from "vitest";

import {
  compareWithBare,
  type Build,
  type Thrower,
} from "../../support/frameworks/bare-frameworks.ts";
import { readable, someThrown, unanswered } from "../errors/thrown-values.ts";

type Done = (error?: unknown) => void;
/** Adds what fails. */
type Place = (app: FastifyInstance, thrower: Thrower) => unknown;

const status = (error: unknown): number => {
  const { statusCode } = (error ?? {}) as { readonly statusCode?: unknown };
  return typeof statusCode === "number" && statusCode >= 400 ? statusCode : 500;
};

const never = async (): Promise<object> => ({ never: "failed" });
const first = async (): Promise<never> => {
  throw new Error("the first");
};

/** With an error handler of the application's own, or Fastify's. */
function built(place: Place, hasOwn: boolean, isBefore = false): Build {
  return async (thrower, options) => {
    const app = fastify();
    onTestFinished(() => app.close());
    if (hasOwn) {
      app.setErrorHandler((error, _request, reply) => {
        thrower.tell(error);
        return reply.code(status(error)).send("told");
      });
    }
    if (isBefore) await place(app, thrower);
    if (options !== null) await app.register(reissue, options);
    if (!isBefore) await place(app, thrower);
    if (!app.hasRoute({ method: "POST", url: "/a" }) && !isNotFound.has(place))
      app.post("/a", never);
    return app.listen({ port: 0, host: "127.0.0.1" });
  };
}

const isNotFound = new Set<Place>();
const notFound = (place: Place): Place => {
  isNotFound.add(place);
  return place;
};

/** The hooks that are given no payload, and those that are. */
const bareHooks = ["onRequest", "preValidation", "preHandler"] as const;
const payloadHooks = ["preParsing", "preSerialization", "onSend"] as const;

/** What a hook does that fails once for each request, though it may run again for the error's own response. */
function once(thrower: Thrower, fail: (value: unknown) => unknown) {
  const failed = new WeakSet<object>();
  return (request: FastifyRequest): unknown => {
    if (failed.has(request)) return undefined;
    failed.add(request);
    return fail(thrower.make(request.headers));
  };
}

function raise(value: unknown): never {
  throw value;
}

const places: Record<string, Place> = {
  "an async handler": (app, { make }) =>
    app.post("/a", async ({ headers }) => raise(make(headers))),
  "a handler": (app, { make }) => app.post("/a", ({ headers }) => raise(make(headers))),
  "a promise of a handler's": (app, { make }) =>
    app.post("/a", ({ headers }) => Promise.reject(make(headers))),
  "a not-found handler": notFound((app, { make }) =>
    app.setNotFoundHandler(({ headers }) => raise(make(headers))),
  ),
  "an async not-found handler": notFound((app, { make }) =>
    app.setNotFoundHandler(async ({ headers }) => raise(make(headers))),
  ),
  "a hook of a not-found handler": notFound((app, { make }) =>
    app.setNotFoundHandler(
      { preHandler: async ({ headers }: FastifyRequest) => raise(make(headers)) },
      never,
    ),
  ),
  "a handler whose route handles it": (app, { make, tell }) =>
    app.post(
      "/a",
      { errorHandler: (error, _request, reply) => (tell(error), reply.code(409).send("route's")) },
      async ({ headers }) => raise(make(headers)),
    ),
  "a handler whose route hands it on": (app, { make, tell }) =>
    app.post(
      "/a",
      { errorHandler: async (error) => (tell(error), raise(error)) },
      async ({ headers }) => raise(make(headers)),
    ),
  "a handler of a scope that hands it on": (app, { make, tell }) =>
    app.register(async (scope) => {
      scope.setErrorHandler(async (error) => (tell(error), raise(error)));
      scope.post("/a", async ({ headers }) => raise(make(headers)));
    }),
  "a parser": (app, { make }) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", ({ headers }, payload, done) => {
      payload.resume();
      done(make(headers) as Error);
    });
  },
};

/** Where the error does not come to Reissue: what cannot be read is as bad as it is without. */
const beyond: Record<string, Place> = {
  "a scope's error handler": (app, { make }) =>
    app.register(async (scope) => {
      scope.setErrorHandler((_error, { headers }) => raise(make(headers)));
      scope.post("/a", first);
    }),
  "a scope's async error handler": (app, { make }) =>
    app.register(async (scope) => {
      scope.setErrorHandler(async (_error, { headers }) => raise(make(headers)));
      scope.post("/a", first);
    }),
  "a route's error handler": (app, { make }) =>
    app.post("/a", { errorHandler: (_error, { headers }) => raise(make(headers)) }, first),
  "a route's async error handler": (app, { make }) =>
    app.post("/a", { errorHandler: async (_error, { headers }) => raise(make(headers)) }, first),
  "a hook before Fastify's not-found handler": notFound((app, { make }) =>
    app.addHook("preHandler", async ({ headers }) => raise(make(headers))),
  ),
};

const hooks: Record<string, Place> = {};

for (const name of bareHooks) {
  const add = (app: FastifyInstance, hook: unknown): void => {
    app.addHook(name as "preHandler", hook as preHandlerHookHandler);
  };
  hooks[`async ${name}`] = (app, thrower) => {
    const fail = once(thrower, raise);
    add(app, async (request: FastifyRequest) => void fail(request));
  };
  hooks[`${name} that throws`] = (app, thrower) => {
    const fail = once(thrower, raise);
    add(
      app,
      (request: FastifyRequest, _reply: FastifyReply, done: Done) => (fail(request), done()),
    );
  };
  hooks[`${name}, done`] = (app, { make }) => {
    add(app, ({ headers }: FastifyRequest, _reply: FastifyReply, done: Done) =>
      done(make(headers)),
    );
  };
}

type PayloadHook = (
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: Done,
) => void;

for (const name of payloadHooks) {
  const add = (app: FastifyInstance, hook: unknown): void =>
    void app.addHook(name as "onSend", hook as PayloadHook);
  hooks[`async ${name}`] = (app, thrower) => {
    const fail = once(thrower, raise);
    add(app, async (request: FastifyRequest) => void fail(request));
  };
  hooks[`${name} that throws`] = (app, thrower) => {
    const fail = once(thrower, raise);
    const hook: PayloadHook = (request, _reply, _payload, done) => (fail(request), done());
    add(app, hook);
  };
  hooks[`${name}, done`] = (app, thrower) => {
    const fail = once(thrower, (value) => value);
    const hook: PayloadHook = (request, _reply, _payload, done) => done(fail(request));
    add(app, hook);
  };
}

describe("the error handler of Fastify", () => {
  test.each(Object.entries(places))("gets the value that is thrown in %s", async (name, place) => {
    const names = name.endsWith(" handler") ? undefined : someThrown;
    await compareWithBare(built(place, false), unanswered.fastify, names);
  });

  test.each(Object.entries(beyond))(
    "gets a readable value that is thrown beyond the route, in %s",
    async (_name, place) => {
      await compareWithBare(built(place, false), [], readable);
    },
  );

  test.each(Object.entries(hooks))(
    "gets the value that is thrown in the hook %s",
    async (_name, place) => {
      await compareWithBare(built(place, false), unanswered.fastify, someThrown);
    },
  );

  test("gets the value that is thrown in a hook before the plugin", async () => {
    const place: Place = (app, { make }) =>
      app.addHook("onRequest", async ({ headers }) => raise(make(headers)));
    await compareWithBare(built(place, false, true), unanswered.fastify, someThrown);
  });
});

describe("an error handler of the application", () => {
  test.each(Object.entries({ ...places, ...hooks }))(
    "gets the value that is thrown in %s",
    async (_name, place) => {
      await compareWithBare(built(place, true), unanswered.fastify, someThrown);
    },
  );
});
