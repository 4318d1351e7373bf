import { reissue, type ReissueOptions } from "@reissue/fastify";
import { memoryStore } from "@reissue/server";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import createError from "http-errors";
import { describe, expect, onTestFinished, test } from "vitest";

const refused = Object.assign(new Error("connect ECONNREFUSED"), {
  code: "ECONNREFUSED",
  syscall: "connect",
});

async function fail(): Promise<never> {
  throw refused;
}

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

function opened(): FastifyInstance {
  const app = fastify();
  onTestFinished(() => app.close());
  return app;
}

async function answerTo(
  app: FastifyInstance,
  url: string,
  method: "GET" | "POST" = "GET",
): Promise<unknown[]> {
  const { statusCode, headers } = await app.inject({ method, url });
  return [statusCode, headers["x-should-retry"]];
}

describe("an error in a hook that was added before the plugin", () => {
  /** What the application's error handler is given. */
  const seen: unknown[] = [];

  async function service(onRequest: Hook, options: ReissueOptions = {}): Promise<FastifyInstance> {
    const app = opened();
    seen.length = 0;
    app.setErrorHandler((error, _request, reply) => {
      seen.push(error);
      return reply.send(error);
    });
    app.addHook("onRequest", onRequest);
    await app.register(reissue, options);
    app.all("/", async () => "never");
    const config = { reissue: { retryOn: ["ECONNRESET"] as const } };
    app.post("/opted-in", { config }, async () => "never");
    app.setNotFoundHandler(async () => "never");
    return app;
  }

  test("stays a response of the application", async () => {
    const own = createError(401, "Who are you?", { headers: { "www-authenticate": "Bearer" } });
    const idempotency = { store: memoryStore(), scope: "shared" } as const;
    const app = await service(() => Promise.reject(own), { idempotency, problemDetails: true });
    for (const url of ["/", "/opted-in", "/nowhere"]) {
      const headers = { "idempotency-key": "k" };
      const answer = await app.inject({ method: "POST", url, headers });
      expect([answer.statusCode, answer.json()]).toMatchObject([401, { message: "Who are you?" }]);
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
    }
    expect(seen).toEqual([own, own, own]);
  });

  test("is translated as the route says if it is a failure of an upstream", async () => {
    const app = await service(fail);
    expect(await answerTo(app, "/")).toEqual([502, "true"]);
    expect(await answerTo(app, "/", "POST")).toEqual([500, "false"]);
    expect(await answerTo(app, "/opted-in", "POST")).toEqual([502, "true"]);
    expect(await answerTo(app, "/nowhere")).toEqual([502, "true"]);
  });

  test("is translated with a note if the hook asked for request.upstream", async () => {
    const app = await service(async (request) => void request.upstream);
    const answer = await app.inject("/");
    const message = "request.upstream is available from Reissue's onRequest hook on";
    expect([answer.statusCode, answer.json()]).toMatchObject([500, { message }]);
  });
});

describe("a failure on the way to a not-found handler", () => {
  test.each<[string, (app: FastifyInstance) => void]>([
    ["rejected", (app) => app.setNotFoundHandler(fail)],
    [
      "thrown",
      (app) =>
        app.setNotFoundHandler(() => {
          throw refused;
        }),
    ],
    ["reply.send(err)", (app) => app.setNotFoundHandler((_request, reply) => reply.send(refused))],
    [
      "in a hook of its own",
      (app) => app.setNotFoundHandler({ preHandler: fail }, async () => "never"),
    ],
    [
      "in a hook before Fastify's own",
      (app) => {
        app.addHook("preHandler", fail);
        // @ts-expect-error: Fastify documents this, though its types want a handler
        app.setNotFoundHandler();
      },
    ],
    [
      "of a child scope",
      (app) => void app.register(async (child) => void child.setNotFoundHandler(fail)),
    ],
    [
      "of a child scope with a prefix",
      (app) => {
        app.setNotFoundHandler(async () => "never");
        const prefix = "/nowhere";
        void app.register(async (child) => void child.setNotFoundHandler(fail), { prefix });
      },
    ],
  ])("is translated if it is %s", async (_name, mount) => {
    const app = opened();
    await app.register(reissue);
    mount(app);
    expect(await answerTo(app, "/nowhere")).toEqual([502, "true"]);
    expect(await answerTo(app, "/nowhere", "POST")).toEqual([500, "false"]);
  });

  test("reaches the error handler of its scope", async () => {
    const app = opened();
    await app.register(reissue);
    app.setErrorHandler((_error, _request, reply) => reply.send("app"));
    await app.register(
      async (child) => {
        child.setErrorHandler((error: { statusCode: number; cause: unknown }, _request, reply) =>
          reply.code(error.statusCode).send(error.cause === refused ? "child" : "neither"),
        );
        child.setNotFoundHandler(fail);
      },
      { prefix: "/child" },
    );
    const answer = await app.inject("/child/nowhere");
    expect([answer.statusCode, answer.body]).toEqual([502, "child"]);
  });

  test("cuts a response that has begun, though its handler has hijacked it", async () => {
    const app = opened();
    await app.register(reissue);
    app.setNotFoundHandler(async (_request, reply) => {
      reply.hijack().raw.write("half");
      throw refused;
    });
    const origin = await app.listen({ port: 0, host: "127.0.0.1" });
    const signal = AbortSignal.timeout(10_000);
    const text = fetch(origin, { signal }).then((answer) => answer.text());
    // The signal would give another error.
    await expect(text).rejects.toBeInstanceOf(TypeError);
  });

  test("is translated if a route calls the handler", async () => {
    const app = opened();
    await app.register(reissue);
    app.setNotFoundHandler(fail);
    app.get("/", (_request, reply) => reply.callNotFound());
    expect(await answerTo(app, "/")).toEqual([502, "true"]);
  });
});

test("a not-found handler that does not fail is called as Fastify calls it", async () => {
  const app = opened();
  await app.register(reissue);
  app.decorate("name", "this app");
  const preHandler: Hook = async (_request, reply) => void reply.header("x-hook", "ran");
  const chained = app.setNotFoundHandler({ preHandler }, async function (_request, reply) {
    return reply.code(404).send((this as unknown as { name: string }).name);
  });
  expect(chained).toBe(app);
  expect(() => app.setNotFoundHandler(fail)).toThrow("already set");
  const answer = await app.inject("/nowhere");
  expect([answer.statusCode, answer.headers["x-hook"], answer.body]).toEqual([
    404,
    "ran",
    "this app",
  ]);
});

test("a not-found handler of a scope without the plugin is left alone", async () => {
  const app = opened();
  await app.register(async (child) => await child.register(reissue), { prefix: "/child" });
  app.setNotFoundHandler(fail);
  expect(await answerTo(app, "/nowhere")).toEqual([500, undefined]);
});
