import { reissue, type ReissueOptions } from "@reissue/fastify";
import fastify from "fastify";
import { expect, onTestFinished, test } from "vitest";

import { misuseWarnings } from "../../support/misuse-warnings.ts";

async function warned(options: ReissueOptions, isEarly: boolean): Promise<string[]> {
  const app = fastify();
  onTestFinished(() => app.close());
  if (isEarly) app.get("/orders", async () => "fine").get("/carts", async () => "fine");
  await app.register(reissue, options);
  if (!isEarly) app.get("/orders", async (request) => typeof request.upstream);
  for (const url of ["/orders", "/orders", "/carts", "/nowhere"]) await app.inject(url);
  return (await misuseWarnings()).map(({ code }) => code);
}

test("routes that were declared before the plugin lead to one warning", async () => {
  expect(await warned({}, true)).toEqual(["WARN_REISSUE_GATE_AFTER_ROUTES"]);
  expect(await warned({ validate: { gateAfterRoutes: false } }, true)).toEqual([]);
  expect(await warned({ validate: false }, true)).toEqual([]);
});

test("routes in the usual order lead to no warning", async () => {
  expect(await warned({}, false)).toEqual([]);
});

test("a plugin that is registered twice is an error", async () => {
  const app = fastify();
  onTestFinished(() => app.close());
  await app.register(reissue);
  await expect(app.register(reissue)).rejects.toThrow("upstream");
});
