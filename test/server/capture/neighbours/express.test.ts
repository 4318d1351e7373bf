import { createReadStream } from "node:fs";
import { ServerResponse } from "node:http";

import { reissue as expressGate } from "@reissue/express";
import compression from "compression";
import express5 from "express";
import session from "express-session";
import express4 from "express4";
import { describe, expect, test } from "vitest";

import { withStores } from "../../../support/stores/memory-stores.ts";
import { listening } from "../../../support/listen.ts";
import { claiming, file, gzip, long } from "./neighbours.ts";
import { same } from "../same-response.ts";
import { ask } from "../../../support/raw-connection.ts";

const versions: [name: string, express: typeof express5][] = [
  ["Express 5", express5],
  ["Express 4", express4 as unknown as typeof express5],
];

const expressKinds: [name: string, answer: express5.RequestHandler][] = [
  ["send", (_req, res) => void res.send(long)],
  ["send of bytes", (_req, res) => void res.send(Buffer.from(long))],
  ["json", (_req, res) => void res.status(201).json({ long })],
  ["json(null)", (_req, res) => void res.json(null)],
  ["sendStatus", (_req, res) => void res.sendStatus(202)],
  ["sendFile", (_req, res) => res.sendFile(file)],
  ["download", (_req, res) => res.download(file, "a.txt")],
  ["redirect", (_req, res) => res.redirect(303, "/orders/1")],
  ["pipe", (_req, res) => void createReadStream(file).pipe(res)],
  ["end", (_req, res) => void res.end("short")],
  ["write", (_req, res) => void (res.type("text"), res.write(long), res.write(long), res.end())],
];

/** Mounts something outside of the gate and inside of it. */
const expressMounts: [
  name: string,
  outside: express5.RequestHandler[],
  inside: express5.RequestHandler[],
][] = [
  ["alone", [], []],
  ["compression outside", [compression()], []],
  ["compression inside", [], [compression()]],
  ["compression on both sides", [compression()], [compression()]],
  [
    "headers set outside",
    [
      (_req, res, next) => (
        res.set({ Vary: "Origin", "Access-Control-Allow-Origin": "*" }),
        next()
      ),
    ],
    [],
  ],
];

describe.each(versions)("%s", (_version, express) => {
  describe.each(expressMounts)("%s", (mount, outside, inside) => {
    // There compression fixes the head before it has the body, and with a key the head is fixed before compression does:
    // the same bytes have a length instead of chunks.
    const isFramed = ([kind]: (typeof expressKinds)[0]): boolean =>
      mount === "compression outside" && kind === "end";
    const kinds = expressKinds.filter((kind) => !isFramed(kind));
    test.each(withStores(kinds))(
      "the response is stored and replayed with the store %s: $2",
      async (_store, open, _name, answer) => {
        const app = express();
        const gate = expressGate(claiming(open()));
        for (const each of [...outside, gate, ...inside, answer]) app.use(each);
        await same(await listening(app), gzip);
      },
    );
  });

  test.each(["outside", "inside"])(
    "the response is stored and replayed with express-session %s",
    async (side) => {
      const app = express();
      const sessions = session({ secret: "s", resave: false, saveUninitialized: true });
      const gate = expressGate(claiming());
      for (const each of side === "outside" ? [sessions, gate] : [gate, sessions]) app.use(each);
      app.use((_req, res) => void res.send("done"));
      const origin = await listening(app);
      const first = await ask(origin, { key: "k" });
      const second = await ask(origin, { key: "k" });
      expect([first.body, second.body, second.replayed]).toEqual(["done", "done", true]);
      expect(first.lines.some((line) => line.startsWith("Set-Cookie"))).toBe(true);
    },
  );

  test.each([204, 304])("a %s is replayed without the body that Node refuses", async (status) => {
    const app = express();
    app.use(expressGate(claiming())).use((_req, res) => void res.status(status).end());
    const origin = await listening(app, { rejectNonStandardBodyWrites: true });
    const first = await ask(origin, { key: "k" });
    const second = await ask(origin, { key: "k" });
    expect([first.status, second.status, second.replayed]).toEqual([status, status, true]);
  });

  test("an Express app that is mounted in another one, and replaces the prototype of responses, is supported", async () => {
    let runs = 0;
    const inner = express().use((_req, res) => void res.send(`run ${(runs += 1)}`));
    const app = express().use(expressGate(claiming())).use("/inner", inner);
    const origin = await listening(app);
    const first = await ask(origin, { key: "k", path: "/inner" });
    const second = await ask(origin, { key: "k", path: "/inner" });
    expect([first.body, second.body, second.replayed]).toEqual(["run 1", "run 1", true]);
  });

  test("an Express app whose responses end in their own way is supported", async () => {
    const app = express();
    const { end } = app.response;
    const ended: boolean[] = [];
    app.response.end = function (this: express5.Response, ...args: unknown[]) {
      ended.push(this.headersSent);
      return Reflect.apply(end, this, args) as express5.Response;
    } as typeof end;
    app.use(expressGate(claiming())).use((_req, res) => void res.send("done"));
    const origin = await listening(app);
    const first = await ask(origin, { key: "k" });
    const second = await ask(origin, { key: "k" });
    expect([first.body, second.body, second.replayed]).toEqual(["done", "done", true]);
    expect(ended).toEqual([true, false]);
  });

  test("an end() that was patched before, and leads to a write, is supported", async () => {
    const app = express();
    app.use((_req, res, next) => {
      const { end } = res;
      const ended = function (this: ServerResponse, chunk: unknown): unknown {
        if (chunk) this.write(chunk);
        return Reflect.apply(end, this, []);
      };
      Object.assign(res, { end: ended });
      next();
    });
    app.use(expressGate(claiming())).use((_req, res) => void res.send("done"));
    const origin = await listening(app);
    const first = await ask(origin, { key: "k" });
    const second = await ask(origin, { key: "k" });
    expect([first.body, second.body, second.replayed]).toEqual(["done", "done", true]);
  });

  test.each(withStores<[string]>([["compression"]]))(
    "a handler may fail after an end that compression delays, with the store %s",
    async (_, open) => {
      const app = express();
      const gate = expressGate(claiming(open()));
      app.set("env", "test").use(compression(), gate);
      app.post("/", (_req, res) => {
        res.send(long);
        throw new Error("a bug");
      });
      app.use(gate.errors());
      const origin = await listening(app);
      const first = await ask(origin, { key: "k", ...gzip });
      const second = await ask(origin, { key: "k", ...gzip });
      expect([first.status, second.status, second.replayed]).toEqual([200, 200, true]);
      expect(second.body).toBe(first.body);
    },
  );

  test("a hand-made response to the same request is a separate one", async () => {
    const app = express();
    app.use(expressGate(claiming())).use((req, res) => {
      const made = Object.setPrototypeOf(new ServerResponse(req), app.response) as typeof res;
      made.req = req;
      made.status(418).json("made");
      res.send("done");
    });
    const origin = await listening(app);
    const first = await ask(origin, { key: "k" });
    const second = await ask(origin, { key: "k" });
    expect([first.body, second.body, second.replayed]).toEqual(["done", "done", true]);
  });

  test("a response that gets other methods does not run twice, although it cannot be replayed", async () => {
    let runs = 0;
    const app = express();
    app.use(expressGate(claiming())).use((_req, res) => {
      Object.setPrototypeOf(res, ServerResponse.prototype);
      Reflect.apply(ServerResponse.prototype.end, res, [`run ${(runs += 1)}`]);
    });
    const origin = await listening(app);
    const first = await ask(origin, { key: "k" });
    const second = await ask(origin, { key: "k" });
    expect([first.body, second.status, runs]).toEqual(["run 1", 409, 1]);
    expect(second.body).toContain("the answer was not kept");
  });
});
