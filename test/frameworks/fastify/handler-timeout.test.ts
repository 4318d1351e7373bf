import { memoryStore, reissue } from "@reissue/fastify";
import { manualClock } from "@reissue/testing";
import fastify, { type FastifyInstance } from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";

const headers = { "idempotency-key": "a" };
const pay = async (app: FastifyInstance): Promise<number> =>
  (await app.inject({ method: "POST", url: "/", headers })).statusCode;

describe("Fastify's own timeout", () => {
  test.each<[string, number, object]>([
    ["the server", 20, {}],
    ["the route", 0, { handlerTimeout: 20 }],
  ])(
    "lets no retry run beside the handler, which goes on: %s",
    async (_, handlerTimeout, route) => {
      const clock = manualClock();
      const app = fastify({ handlerTimeout });
      onTestFinished(() => app.close());
      await app.register(reissue, {
        clock,
        idempotency: { store: memoryStore({ clock }), scope: "shared", leaseMs: 30_000 },
      });
      let runs = 0;
      let end = (): void => {};
      app.post("/", route, async () => {
        runs += 1;
        // real time: Fastify's own timer is 20 ms
        await new Promise<void>((resolve) => (end = resolve));
        return { runs };
      });
      expect(await pay(app)).toBe(503);
      await clock.advance(100_000);
      expect([await pay(app), runs]).toEqual([409, 1]);
      end();
      await clock.advance(30_000);
      expect([await pay(app), runs]).toEqual([503, 2]);
      end();
    },
  );

  test("leaves a key free whose handler has failed before", async () => {
    const app = fastify({ handlerTimeout: 10_000 });
    onTestFinished(() => app.close());
    await app.register(reissue, { idempotency: { store: memoryStore(), scope: "shared" } });
    let runs = 0;
    app.post("/", async () => {
      if ((runs += 1) === 1) throw new Error("The first run fails");
      return { runs };
    });
    expect([await pay(app), await pay(app), await pay(app), runs]).toEqual([500, 200, 200, 2]);
  });
});
