import { memoryStore } from "@reissue/core";
import { reissue, type ReissueOptions } from "@reissue/express";
import express from "express";
import { expect, onTestFinished, test } from "vitest";

import { absent } from "../../support/missing-program.ts";
import { listening } from "../../support/listen.ts";
import { opened } from "../../testing/opened.ts";
import { startHaproxy } from "./balancer.ts";

/** An instance whose upstream resets every POST. */
async function instance(idempotency: ReissueOptions["idempotency"], onRequest: () => void) {
  const shop = await opened({ faults: [{ fault: "reset" }] });
  const gate = reissue({ idempotency });
  onTestFinished(() => gate.close());
  const app = express();
  app.set("env", "test");
  app.use((_req, _res, next) => {
    onRequest();
    next();
  }, gate);
  app.post("/orders", async (req, res) => {
    await req.upstream(shop.origin, { method: "POST" });
    res.end();
  });
  app.use(gate.errors());
  return Number(new URL(await listening(app)).port);
}

test.skipIf(absent("haproxy")).each([
  ["with a store", { store: memoryStore(), scope: "shared" }, [502, "true", ["a", "b", "a"]]],
  ["without one", undefined, [500, "false", ["a"]]],
] as const)(
  "HAProxy repeats a POST with a key if that is safe: %s",
  async (_name, idempotency, expected) => {
    const seen: string[] = [];
    const ports = ["a", "b"].map((name) => instance(idempotency, () => void seen.push(name)));
    const { origin } = await startHaproxy(await Promise.all(ports));
    const headers = { "idempotency-key": "k" };
    const answer = await fetch(`${origin}/orders`, { method: "POST", headers });
    expect([answer.status, answer.headers.get("x-should-retry"), seen]).toEqual(expected);
  },
);
