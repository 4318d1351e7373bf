import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { memoryStore, type IdempotencyStore } from "@reissue/core";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import { reissue as koaGate } from "@reissue/koa";
import { manualClock } from "@reissue/testing";
import fastify from "fastify";
import Koa from "koa";
import { describe, expect, onTestFinished, test } from "vitest";

import { frameworks, type Start } from "../../support/frameworks/frameworks.ts";
import { HeldStore, serve } from "../capture/service.ts";
import { ask, asked, Wire } from "../../support/raw-connection.ts";
import { listening } from "../../support/listen.ts";

/** A memory store whose claims go another way. */
function claiming(claim: (store: IdempotencyStore) => IdempotencyStore["claim"]): IdempotencyStore {
  const store = memoryStore();
  return {
    claim: claim(store),
    renew: (token, leaseMs) => store.renew(token, leaseMs),
    complete: (token, answer, retentionMs) => store.complete(token, answer, retentionMs),
    release: (token) => store.release(token),
  };
}

/** The route's time. */
const timeoutMs = 50;
const late = 2 * timeoutMs;
/** Time in which something that must not happen would happen, in ms. */
const quietMs = 50;

describe.each(frameworks)("%s with a timeout that expires", (framework, start: Start) => {
  test.each([
    ["fails then", true],
    ["claims then", false],
  ])(
    "the handler does not run while the store %s, and the connection goes on",
    async (_name, fails) => {
      const held = new HeldStore("claim");
      const failing: IdempotencyStore["claim"] = async (request) => {
        await held.claim(request);
        throw new Error("down");
      };
      const clock = manualClock();
      const service = await serve(start, () => "done", {
        store: fails ? claiming(() => failing) : held,
        gate: { timeoutMs, clock },
      });
      const wire = (await Wire.open(service.origin)).send(asked({ key: "k" }));
      await expect.poll(() => held.asked, { interval: 2 }).toBe(1);
      await clock.advance(timeoutMs);
      const first = await wire.message();
      // A key makes it safe to come again, though it is not claimed yet.
      expect([first.status, first.lines.includes("x-should-retry: true")]).toEqual([504, true]);
      held.open();
      // real time: shows that nothing runs later, which no event announces
      await sleep(quietMs);
      expect([wire.isOver, service.runs()]).toEqual([false, 0]);
      const next = await wire.send(asked()).message();
      expect([next.status, next.body]).toEqual([200, "done"]);
    },
  );

  test("the request stops waiting for a key that another request holds", async () => {
    let claims = 0;
    const store = claiming((inner) => (request) => ((claims += 1), inner.claim(request)));
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    const clock = manualClock();
    const service = await serve(
      start,
      async ({ response }) => {
        response.flushHeaders();
        await ended;
        response.end();
        return null;
      },
      { store, waitMs: 10_000, gate: { timeoutMs, clock } },
    );
    onTestFinished(end);
    (await Wire.open(service.origin)).send(asked({ key: "k" }));
    await expect.poll(service.runs, { interval: 2 }).toBe(1);
    const waiting = ask(service.origin, { key: "k" });
    await expect.poll(() => claims, { interval: 2 }).toBeGreaterThan(1);
    await clock.advance(timeoutMs);
    const { status, lines } = await waiting;
    expect([status, lines.includes("x-should-retry: true")]).toEqual([504, true]);
    const claimsByThen = claims;
    // The store is not asked again.
    await clock.advance(late);
    expect(claims).toBe(claimsByThen);
  });

  test("the response is sent while the body is still arriving, and ends the connection", async () => {
    const service = await serve(start, () => "done", { maxBodyBytes: 10, gate: { timeoutMs } });
    const head = asked({ key: "k", body: "", headers: ["Transfer-Encoding: chunked"] });
    const wire = (await Wire.open(service.origin)).send(`${head}5\r\npay 1\r\n`);
    expect((await wire.message()).status).toBe(504);
    if (!wire.isOver) wire.send("6\r\n000000\r\n");
    await wire.until((_text, isOver) => isOver);
    expect([wire.text, service.runs()]).toEqual(["", 0]);
  });

  test("the response is sent once if the handler then responds or fails with half a body", async () => {
    for (const fails of [true, false]) {
      const service = await serve(
        start,
        async () => {
          // real time: the handler ends after the route's timeout
          await sleep(late);
          if (fails) throw new Error("late");
          return "late";
        },
        { route: { timeoutMs } },
      );
      // Fastify runs nothing before the body has come.
      const [head = ""] = asked({ body: "pay" }).split("pay");
      const wire = (await Wire.open(service.origin)).send(`${head}p`);
      // Without a key and an opt-in a timeout is no 504.
      expect((await wire.message()).status).toBe(500);
      await wire.until((_text, isOver) => isOver);
      // real time: shows that nothing is sent when the handler ends, which no event announces
      await sleep(late);
      expect([wire.text, service.runs()]).toEqual(["", framework.startsWith("Fastify") ? 0 : 1]);
    }
  });

  test("the response is only the failure if the handler had failed before", async () => {
    const service = await serve(
      start,
      () => {
        throw Object.assign(new Error("who"), { status: 401, statusCode: 401, expose: true });
      },
      { route: { timeoutMs } },
    );
    const [head = ""] = asked({ body: "pay" }).split("pay");
    const wire = (await Wire.open(service.origin)).send(`${head}p`);
    // real time: the route's timeout passes on the system clock
    await sleep(late);
    // Fastify reads the body before it runs the handler, so that its time is over.
    if (!framework.startsWith("Fastify")) wire.send("ay");
    const answer = await wire.message();
    expect(answer.status).toBe(framework.startsWith("Fastify") ? 500 : 401);
    // real time: shows that nothing is sent later, which no event announces
    await sleep(quietMs);
    expect(wire.text).toBe("");
  });
});

describe("a handler that has done its work in time under Koa and Fastify", () => {
  /** Asks twice for an answer that goes out after the route's time. */
  const twice = async (origin: string): Promise<unknown[]> => {
    const answers = [await ask(origin, { key: "k" }), await ask(origin, { key: "k" })];
    return answers.map(({ status, replayed, body }) => [status, replayed, body]);
  };
  const kept = [
    [200, false, "done"],
    [200, true, "done"],
  ];
  const options = () =>
    ({ timeoutMs, idempotency: { store: memoryStore(), scope: "shared" } }) as const;

  test("has its response stored by Koa with a slow outer middleware", async () => {
    const app = new Koa();
    app.use(async (_ctx, next) => {
      await next();
      // real time: the middleware is slower than the route's timeout
      await sleep(late);
    });
    app.use(koaGate(options()));
    app.use((ctx) => void (ctx.body = "done"));
    expect(await twice(await listening(app.callback()))).toEqual(kept);
  });

  test("has its response stored by Fastify with a slow onSend hook", async () => {
    const app = fastify();
    await app.register(fastifyPlugin, options());
    app.addHook("onSend", async (_request, _reply, payload) => {
      // real time: the hook is slower than the route's timeout
      await sleep(late);
      return payload;
    });
    app.post("/", async () => "done");
    const origin = await app.listen({ port: 0, host: "127.0.0.1" });
    onTestFinished(() => app.close());
    expect(await twice(origin)).toEqual(kept);
  });
});

test("a late listener of node:http has a timeout too, and its late response is discarded", async () => {
  const node = frameworks.find(([name]) => name === "node:http")?.[1] as Start;
  const service = await serve(
    node,
    ({ response }) => {
      // real time: the listener responds after the route's timeout
      setTimeout(() => response.end("late"), late);
      return null;
    },
    { gate: { timeoutMs } },
  );
  const wire = (await Wire.open(service.origin)).send(asked({ key: "k" }));
  expect((await wire.message()).status).toBe(504);
  // real time: shows that the late response is discarded
  await sleep(2 * late);
  expect(wire.text).toBe("");
  expect((await ask(service.origin, { key: "k" })).status).toBe(409);
  wire.socket.end();
  await once(wire.socket, "close");
});
