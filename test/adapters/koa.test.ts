import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { reissue } from "@reissue/koa";
import Koa from "koa";
import { expect, onTestFinished, test } from "vitest";

test("an upstream of the application's own gives way on requests that come to the gate, and stays on others", async () => {
  const app = new Koa();
  const gate = reissue();
  onTestFinished(() => gate.close());
  app.use((ctx, next) => {
    Object.assign(ctx, { upstream: "its own" });
    return next();
  });
  app.use((ctx, next) => (ctx.path === "/gate" ? gate(ctx, next) : next()));
  app.use((ctx) => {
    ctx.body = typeof ctx.upstream;
  });
  const server = app.listen(0, "127.0.0.1");
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const seen = [];
  for (const path of ["/gate", "/", "/gate", "/"]) {
    seen.push(await (await fetch(`http://127.0.0.1:${port}${path}`)).text());
  }
  expect(seen).toEqual(["function", "string", "function", "string"]);
});
