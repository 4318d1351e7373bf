import { memoryStore } from "@reissue/core";
import { reissue as expressGate } from "@reissue/express";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import { reissue as koaGate } from "@reissue/koa";
import express from "express";
import fastify from "fastify";
import Koa from "koa";
import { describe, expect, onTestFinished, test } from "vitest";

import { ask, asked, Wire } from "../../support/raw-connection.ts";
import { listening } from "../../support/listen.ts";

const idempotency = () => ({ store: memoryStore(), scope: "shared" }) as const;

describe("a gate with a store inside a gate without one", () => {
  test.each<[string, (run: () => string) => Promise<string>]>([
    [
      "Express",
      (run) => {
        const app = express();
        app.use(expressGate(), expressGate({ idempotency: idempotency() }));
        app.post("/", (_req, res) => void res.send(run()));
        return listening(app);
      },
    ],
    [
      "Koa",
      (run) => {
        const app = new Koa();
        app.use(koaGate()).use(koaGate({ idempotency: idempotency() }));
        app.use((ctx) => void (ctx.body = run()));
        return listening(app.callback());
      },
    ],
    [
      "Fastify",
      async (run) => {
        const app = fastify();
        await app.register(fastifyPlugin);
        await app.register(async (inner) => {
          await inner.register(fastifyPlugin, { idempotency: idempotency() });
          inner.post("/", async () => run());
        });
        onTestFinished(() => app.close());
        return app.listen({ port: 0, host: "127.0.0.1" });
      },
    ],
  ])("deduplicates keys under %s", async (_name, start) => {
    let runs = 0;
    const origin = await start(() => `run ${(runs += 1)}`);
    const answers = [await ask(origin, { key: "k" }), await ask(origin, { key: "k" })];
    expect(answers.map(({ body, replayed }) => [body, replayed])).toEqual([
      ["run 1", false],
      ["run 1", true],
    ]);
  });

  test("uses its own store if the outer gate has one too", async () => {
    const app = express();
    const down = (): Promise<never> => Promise.reject(new Error("asked"));
    const store = { claim: down, renew: down, complete: down, release: down };
    app.use(expressGate({ idempotency: idempotency() }));
    app.use(expressGate({ idempotency: { store, scope: "shared" } }));
    app.post("/", (_req, res) => void res.send("done"));
    expect((await ask(await listening(app), { key: "k" })).status).toBe(200);
  });
});

test("a scope() gets the argument of its own framework, even after a gate of another one", async () => {
  const koa = new Koa();
  const scope = (ctx: Koa.Context) => ctx.req.headers["x-caller"] as string;
  koa.use(koaGate({ idempotency: { store: memoryStore(), scope } }));
  let runs = 0;
  koa.use((ctx) => void (ctx.body = `run ${(runs += 1)}`));
  const app = express();
  app.use(expressGate(), koa.callback());
  const origin = await listening(app);
  const answers = [];
  for (const caller of ["a", "b", "a"]) {
    const { body } = await ask(origin, { key: "k", headers: [`X-Caller: ${caller}`] });
    answers.push(body);
  }
  expect(answers).toEqual(["run 1", "run 2", "run 1"]);
});

test("an error handler that drops the headers of an error does not keep the connection of a half-read body open", async () => {
  const app = express();
  const gate = expressGate({ idempotency: { ...idempotency(), maxBodyBytes: 10 } });
  app.use(gate, gate.errors());
  app.use(
    (error: { status: number }, _q: express.Request, res: express.Response, _n: unknown) =>
      void res.status(error.status).json({}),
  );
  const head = asked({ key: "k", body: "", headers: ["Transfer-Encoding: chunked"] });
  const wire = (await Wire.open(await listening(app))).send(`${head}14\r\n${"x".repeat(20)}\r\n`);
  const refused = await wire.message();
  expect([refused.status, refused.lines.includes("Connection: close")]).toEqual([413, true]);
  await wire.until((_text, isOver) => isOver);
});
