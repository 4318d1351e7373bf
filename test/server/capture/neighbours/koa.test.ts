import { createReadStream } from "node:fs";
import { ServerResponse } from "node:http";

import { reissue as koaGate } from "@reissue/koa";
import Koa3 from "koa";
import koaCompress from "koa-compress";
import Koa2 from "koa2";
import { describe, expect, test } from "vitest";

import { withStores } from "../../../support/stores/memory-stores.ts";
import { listening } from "../../../support/listen.ts";
import { claiming, file, gzip, long } from "./neighbours.ts";
import { same } from "../same-response.ts";
import { ask } from "../../../support/raw-connection.ts";

type Kind = [name: string, answer: (ctx: Koa3.Context) => unknown];

const kinds: Kind[] = [
  ["text", (ctx) => (ctx.body = long)],
  ["bytes", (ctx) => (ctx.body = Buffer.from(long))],
  ["JSON", (ctx) => (ctx.body = { long })],
  ["null", (ctx) => (ctx.body = null)],
  ["a stream", (ctx) => ((ctx.type = "text"), (ctx.body = createReadStream(file)))],
  ["a redirect", (ctx) => ctx.redirect("/orders/1")],
  ["respond = false", (ctx) => ((ctx.respond = false), ctx.res.writeHead(201).end("own"))],
  ["nothing", () => null],
  ["a thrown error", (ctx) => ctx.throw(404, "none")],
];

/** What Koa 2 would write as JSON. */
const laterKinds: Kind[] = [
  ["a Blob", (ctx) => (ctx.body = new Blob([long]))],
  ["a ReadableStream", (ctx) => (ctx.body = new Blob([long]).stream())],
  [
    "a Response",
    (ctx) => (ctx.body = new Response(long, { status: 201, headers: { ETag: '"a"' } })),
  ],
];

const versions: [name: string, Koa: typeof Koa3, kinds: Kind[]][] = [
  ["Koa 3", Koa3, [...kinds, ...laterKinds]],
  ["Koa 2", Koa2 as unknown as typeof Koa3, kinds],
];

describe.each(versions)("%s", (_version, Koa, kindsOfIt) => {
  test("responses of a class of the user are stored and replayed", async () => {
    class Response extends ServerResponse {
      override flushHeaders(): void {
        super.flushHeaders();
      }
    }
    const app = new Koa().use(koaGate(claiming())).use((ctx) => {
      ctx.res.flushHeaders();
      ctx.body = "done";
    });
    const origin = await listening(app.callback(), {
      ServerResponse: Response as typeof ServerResponse,
    });
    const first = await ask(origin, { key: "k" });
    const second = await ask(origin, { key: "k" });
    expect([first.body, second.body, second.replayed]).toEqual(["done", "done", true]);
  });

  describe.each(["alone", "outside", "inside"])("a response with koa-compress %s", (side) => {
    test.each(withStores(kindsOfIt))(
      "is stored and replayed with the store %s: $2",
      async (_store, open, _name, answer) => {
        const app = new Koa();
        app.silent = true;
        if (side === "outside") app.use(koaCompress());
        app.use(koaGate(claiming(open())));
        if (side === "inside") app.use(koaCompress());
        app.use(async (ctx) => void (await answer(ctx)));
        await same(await listening(app.callback()), gzip);
      },
    );
  });
});
