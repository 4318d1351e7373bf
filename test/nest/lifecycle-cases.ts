import type { BoundUpstream } from "@reissue/nest";
import { describe, expect, test } from "vitest";

import { opened } from "../testing/opened.ts";
import { startApplication } from "./application.ts";
import { controller, module } from "./controller.ts";
import type { NestVersion } from "./versions.ts";

/** The requirements of starting and closing applications. */
export function lifecycleCases(nest: NestVersion): void {
  const { Get } = nest.common;
  const { ReissueModule, UPSTREAM_CLIENT } = nest.reissue;

  describe("a module that several applications import, as tests do", () => {
    test.each([
      ["forRoot", () => ReissueModule.forRoot({ upstream: { retry: { maxAttempts: 2 } } })],
      ["forRoot without options", () => ReissueModule.forRoot()],
      ["forRootAsync", () => ReissueModule.forRootAsync({ useFactory: () => ({ upstream: {} }) })],
    ])("has an open client in each, by %s", async (_, imported) => {
      const orders = await opened({ respond: { body: '{"id":1}' } });
      const Orders = controller(nest, () => "done", Get("orders"));
      const App = module(nest, [Orders], [imported()]);
      for (const _again of [1, 2, 3]) {
        const { app, close } = await startApplication(nest, "express", App);
        const client = app.get<BoundUpstream>(UPSTREAM_CLIENT);
        expect((await client(orders.origin)).status).toBe(200);
        await close();
        await expect(client(orders.origin)).rejects.toMatchObject({ code: "ERR_REISSUE_CLOSED" });
      }
    });

    test("closes the client of only one of them", async () => {
      const orders = await opened({ respond: { body: '{"id":1}' } });
      const App = module(nest, [], [ReissueModule.forRoot({ upstream: {} })]);
      const first = await startApplication(nest, "express", App);
      const second = await startApplication(nest, "fastify", App);
      await first.close();
      const client = second.app.get<BoundUpstream>(UPSTREAM_CLIENT);
      expect((await client(orders.origin)).status).toBe(200);
    });
  });

  describe("an application without an HTTP server", () => {
    test.each([undefined, "SIGTERM"])(
      "is closed with its client, by the signal %s",
      async (signal) => {
        const App = module(nest, [], [ReissueModule.forRoot({ upstream: {} })]);
        const app = await nest.core.NestFactory.createApplicationContext(App, { logger: false });
        const client = app.get<BoundUpstream>(UPSTREAM_CLIENT);
        await (app as { close(signal?: string): Promise<void> }).close(signal);
        await expect(client("http://127.0.0.1:3000")).rejects.toMatchObject({
          code: "ERR_REISSUE_CLOSED",
        });
      },
    );

    test("is closed if its server does not listen", async () => {
      const App = module(nest, []);
      const app = await nest.core.NestFactory.create(App, nest.adapter("express") as never, {
        logger: false,
      });
      await app.init();
      await (app as { close(signal?: string): Promise<void> }).close("SIGTERM");
    });
  });
}
