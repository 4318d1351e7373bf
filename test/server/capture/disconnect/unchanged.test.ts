import { once } from "node:events";
import fs, { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { PassThrough, type Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { bodyParser } from "@koa/bodyparser";
import { reissue as expressGate } from "@reissue/express";
import { reissue as koaGate } from "@reissue/koa";
import type express5 from "express";
import Koa3 from "koa";
import Koa2 from "koa2";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { frameworks, type Call } from "../../../support/frameworks/frameworks.ts";
import { majors } from "../../../frameworks/express/service.ts";
import { listening } from "../../../support/listen.ts";
import { claiming, file } from "../neighbours/neighbours.ts";
import { serve } from "../service.ts";
import { ask, asked, retry, Wire } from "../../../support/raw-connection.ts";

/** Sends a request, and leaves once its handler has begun. */
async function leaveAt(origin: string, begun: Promise<unknown>): Promise<void> {
  const wire = (await Wire.open(origin)).send(asked({ key: "k" }));
  await begun;
  wire.socket.destroy();
}

/** A promise, and what resolves it. */
function moment(): { readonly come: Promise<void>; readonly now: () => void } {
  let now = (): void => {};
  const come = new Promise<void>((resolve) => (now = resolve));
  return { come, now };
}

describe.each(frameworks)("%s with a client that disconnects", (_, start) => {
  test.each([200, 402, 404, 422])(
    "the response is kept if its handler responds with %i later, without reading the body",
    async (status) => {
      const begun = moment();
      const service = await serve(start, async ({ request, response }) => {
        begun.now();
        await once(request.socket, "close");
        // real time: later than all other listeners for the close
        await sleep(5);
        response.statusCode = status;
        response.end("because");
        return null;
      });
      await leaveAt(service.origin, begun.come);
      const again = await retry(service.origin);
      expect([again.status, again.replayed, again.body]).toEqual([status, true, "because"]);
      expect(service.runs()).toBe(1);
    },
  );

  test.each<[string, (call: Call) => unknown]>([
    ["request.socket.destroy()", ({ request }) => request.socket.destroy()],
    ["response.socket.destroy()", ({ response }) => response.socket?.destroy()],
    ["response.destroy()", ({ response }) => response.destroy()],
  ])(
    "the next request runs at once if the handler closed the connection: %s",
    async (_name, cut) => {
      const service = await serve(start, async (call, number) => {
        if (number > 1) return "done";
        cut(call);
        return new Promise(() => {});
      });
      const wire = (await Wire.open(service.origin)).send(asked({ key: "k" }));
      await wire.until((_text, isOver) => isOver);
      const again = await ask(service.origin, { key: "k" });
      expect([again.status, again.body, service.runs()]).toEqual([200, "done", 2]);
    },
  );
});

describe.each(majors)("%s with a client that disconnects from a file", (_, express) => {
  test("the whole file is stored, though no byte had been sent", async () => {
    const [begun, left] = [moment(), moment()];
    // Express waits for the file system where the client leaves.
    const open = ((...args: Parameters<typeof fs.open>) => {
      begun.now();
      void left.come.then(() => fs.open(...args));
    }) as typeof fs.open;
    const { createReadStream } = fs;
    vi.spyOn(fs, "createReadStream").mockImplementation((path, options) =>
      createReadStream(path, { ...(options as object), fs: { ...fs, open } }),
    );
    onTestFinished(() => void vi.restoreAllMocks());
    let runs = 0;
    const app = express();
    app.use(expressGate(claiming()));
    app.post("/", (req: express5.Request, res: express5.Response) => {
      runs += 1;
      // real time: later than all other listeners for the close
      req.socket.once("close", () => setTimeout(left.now, 5));
      res.sendFile(file);
    });
    const origin = await listening(app);
    await leaveAt(origin, begun.come);
    await left.come;
    const again = await retry(origin);
    expect([again.status, again.replayed, runs]).toEqual([200, true, 1]);
    expect(again.body).toBe(await readFile(file, "utf8"));
  });
});

describe.each([
  ["Koa 3", Koa3],
  ["Koa 2", Koa2 as unknown as typeof Koa3],
])("%s with a client that disconnects from a body", (_, Koa) => {
  test.each<[string, () => Readable]>([
    ["a file", () => createReadStream(file)],
    ["a stream that is written", () => new PassThrough()],
  ])("the body is kept whole if it was set to %s", async (name, open) => {
    const begun = moment();
    let runs = 0;
    const app = new Koa();
    app.silent = true;
    app.use(koaGate(claiming()));
    app.use(bodyParser());
    app.use(async (ctx) => {
      runs += 1;
      const body = open();
      ctx.body = body;
      begun.now();
      await once(ctx.req.socket, "close");
      // real time: later than all other listeners for the close
      await sleep(5);
      if (body instanceof PassThrough) body.end("written");
    });
    const origin = await listening(app.callback());
    await leaveAt(origin, begun.come);
    const again = await retry(origin);
    expect([again.status, again.replayed, runs]).toEqual([200, true, 1]);
    expect(again.body).toBe(name === "a file" ? await readFile(file, "utf8") : "written");
  });
});
