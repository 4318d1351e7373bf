import { reissue } from "@reissue/fastify";
import { memoryStore } from "@reissue/server";
import fastify, { type FastifyInstance } from "fastify";
import { expect, onTestFinished, test } from "vitest";

import { misuseWarnings } from "../../support/misuse-warnings.ts";

const refused = Object.assign(new Error("connect ECONNREFUSED"), {
  code: "ECONNREFUSED",
  syscall: "connect",
});

async function fail(): Promise<never> {
  throw refused;
}

function opened(): FastifyInstance {
  const app = fastify();
  onTestFinished(() => app.close());
  return app;
}

/** What an error handler of a user's tells of the error that it gets. */
function telling(name: string) {
  return (
    error: unknown,
    _request: unknown,
    reply: { code(status: number): { send(body: string): unknown } },
  ) => reply.code((error as { statusCode: number }).statusCode).send(name);
}

test("an error handler of the user gets the translated error, whether it was set before or after", async () => {
  for (const moment of ["before", "after"]) {
    const app = opened();
    if (moment === "before") app.setErrorHandler(telling("app"));
    await app.register(reissue);
    if (moment === "after") app.setErrorHandler(telling("app"));
    app.get("/", fail);
    const answer = await app.inject("/");
    expect([answer.statusCode, answer.body]).toEqual([502, "app"]);
  }
});

test("the error handlers of a child scope and of the route get the translated error", async () => {
  const app = opened();
  app.setErrorHandler(telling("app"));
  await app.register(reissue);
  await app.register(async (child) => {
    child.setErrorHandler(telling("child"));
    child.get("/child", fail);
  });
  app.get("/route", { errorHandler: telling("route") }, fail);
  for (const name of ["child", "route"]) {
    const answer = await app.inject(`/${name}`);
    expect([answer.statusCode, answer.body]).toEqual([502, name]);
  }
});

test("the default error handler of Fastify gets the translated error", async () => {
  const app = opened();
  await app.register(reissue);
  app.get("/", fail);
  const answer = await app.inject("/");
  expect(answer.json()).toMatchObject({ statusCode: 502, error: "Bad Gateway" });
  expect(answer.headers["x-should-retry"]).toBe("true");
});

test("a scope without the plugin is left alone", async () => {
  const app = opened();
  await app.register(async (child) => {
    await child.register(reissue);
    child.get("/in", fail);
  });
  app.get("/out", fail);
  expect((await app.inject("/in")).statusCode).toBe(502);
  expect((await app.inject("/out")).statusCode).toBe(500);
});

test.each(["preSerialization", "onSend"] as const)(
  "a response that waits for the %s hook of another plugin is sent, even if the time of the route is over by then",
  async (moment) => {
    const app = opened();
    await app.register(reissue, { timeoutMs: 50 });
    app.addHook(moment as "onSend", async (_request, _reply, payload) => {
      // real time: slower than the timeout, which runs on the system clock here
      await new Promise((resolve) => setTimeout(resolve, 150));
      return payload;
    });
    app.get("/", async () => ({ whole: true }));
    const answer = await app.inject("/");
    expect([answer.statusCode, answer.json()]).toEqual([200, { whole: true }]);
  },
);

test("a hijacked reply gets 504 when the route's timeout expires", async () => {
  const logged: object[] = [];
  const stream = { write: (line: string) => void logged.push(JSON.parse(line) as object) };
  const app = fastify({ logger: { level: "warn", stream } });
  onTestFinished(() => app.close());
  const idempotency = { store: memoryStore(), scope: "shared" } as const;
  const told: unknown[] = [];
  app.addHook("onError", async (_request, _reply, error) => void told.push(error));
  app.setErrorHandler(async (error, _request, reply) => {
    told.push(error);
    return reply.send(error);
  });
  await app.register(reissue, { timeoutMs: 50, idempotency });
  const runs: Promise<unknown>[] = [];
  app.post("/", (_request, reply) => {
    reply.hijack().raw.setHeader("etag", "half").setHeader("x-trace", "kept");
    const end = (): unknown => reply.raw.end("late");
    // real time: slower than the timeout, which runs on the system clock here
    runs.push(new Promise((resolve) => setTimeout(resolve, 200)).then(end));
  });
  const origin = await app.listen({ port: 0, host: "127.0.0.1" });
  const headers = { "idempotency-key": "k" };
  const answer = await fetch(origin, { method: "POST", headers });
  expect([answer.status, await answer.json()]).toMatchObject([504, { error: "Gateway Timeout" }]);
  expect(answer.headers.get("x-should-retry")).toBe("true");
  expect([answer.headers.get("etag"), answer.headers.get("x-trace")]).toEqual([null, "kept"]);
  expect(logged).toMatchObject([{ level: 50, msg: "Gateway Timeout", err: { statusCode: 504 } }]);
  expect(told).toMatchObject([{ status: 504 }, { status: 504 }]);
  await Promise.all(runs);
  // What the handler has done by now is not done again as long as its claim holds.
  const again = await fetch(origin, { method: "POST", headers });
  expect([again.status, runs.length]).toEqual([409, 1]);
});

test.each([
  ["declared before it", true],
  ["declared while it is not awaited", false],
])("a route %s leads to one warning, at its first request", async (_name, isAwaited) => {
  const app = fastify();
  onTestFinished(() => app.close());
  if (isAwaited) {
    app.get("/early", fail);
    await app.register(reissue);
  } else {
    void app.register(reissue);
    app.get("/early", fail);
  }
  await app.ready();
  expect(await misuseWarnings()).toEqual([]);
  for (const url of ["/early", "/early", "/nowhere"]) await app.inject(url);
  const message: unknown = expect.stringMatching(/^GET(, HEAD)? \/early was declared before /);
  expect(await misuseWarnings()).toEqual([{ code: "WARN_REISSUE_GATE_AFTER_ROUTES", message }]);
  expect((await app.inject("/early")).statusCode).toBe(500);
});
