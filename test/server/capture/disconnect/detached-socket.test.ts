import { once } from "node:events";
import { IncomingMessage, ServerResponse, type RequestListener } from "node:http";
import type { Socket } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

import { reissue as expressGate } from "@reissue/express";
import { handler } from "@reissue/server";
import { createUpstream, type BoundUpstream } from "@reissue/upstream";
import type express5 from "express";
import { describe, expect, onTestFinished, test } from "vitest";

import { frameworks } from "../../../support/frameworks/frameworks.ts";
import { majors } from "../../../frameworks/express/service.ts";
import { listening } from "../../../support/listen.ts";
import { claiming } from "../neighbours/neighbours.ts";
import { serve } from "../service.ts";
import { ask, asked, Wire } from "../../../support/raw-connection.ts";

function onNode(
  run: (request: IncomingMessage, response: ServerResponse) => unknown,
): RequestListener {
  const upstream = createUpstream();
  onTestFinished(() => upstream.dispatcher.destroy());
  return handler<BoundUpstream>(run, { upstream, ...claiming() });
}

describe.each(frameworks)("%s with a client that disconnects", (_, start) => {
  test("runs each pipelined request once, and replays its response", async () => {
    let [begun, isDone] = [0, (): void => {}];
    const done = new Promise<void>((resolve) => (isDone = resolve));
    const service = await serve(start, async ({ response }) => {
      begun += 1;
      await done;
      // More than waits for a client that does not read.
      Readable.from(Array.from({ length: 30 }, () => "x".repeat(10_000))).pipe(
        response.writeHead(200),
      );
      return null;
    });
    const keys = ["a", "b", "c"];
    const wire = (await Wire.open(service.origin)).send(keys.map((key) => asked({ key })).join(""));
    await expect.poll(() => begun, { interval: 5 }).toBe(3);
    wire.socket.destroy();
    // real time: the server must have read the connection's end
    await sleep(50);
    isDone();
    // real time: responses without a connection end without an event
    await sleep(100);
    for (const key of keys) {
      const { status, replayed, body } = await ask(service.origin, { key });
      expect([status, replayed, body.length]).toEqual([200, true, 300_000]);
    }
    expect(service.runs()).toBe(3);
  });

  test("completes the response while the handler sets options of the connection", async () => {
    const service = await serve(start, async ({ request, response }) => {
      response.on("socket", (socket: Socket) => socket.setNoDelay(true));
      await once(request.socket, "close");
      response.socket?.setKeepAlive(true).setTimeout(1000);
      return "done";
    });
    const wire = (await Wire.open(service.origin)).send(asked({ key: "k" }));
    await expect.poll(service.runs, { interval: 5 }).toBe(1);
    wire.socket.destroy();
    // real time: the response without a connection ends without an event
    await sleep(50);
    const again = await ask(service.origin, { key: "k" });
    expect([again.replayed, again.body, service.runs()]).toEqual([true, "done", 1]);
  });

  test("runs the next request if the handler failed before the head was sent", async () => {
    const service = await serve(start, ({ response }, number) => {
      if (number > 1) return "done";
      response.writeHead(200);
      throw new Error("a bug");
    });
    const wire = (await Wire.open(service.origin)).send(asked({ key: "k" }));
    await wire.until((_text, isOver) => isOver);
    expect((await ask(service.origin, { key: "k" })).body).toBe("done");
    expect(service.runs()).toBe(2);
  });
});

describe.each(majors)("%s with a client that disconnects before its body is read", (_, express) => {
  test("the handler gets the body that has arrived, and responds with it", async () => {
    const app = express();
    const gate = expressGate(claiming());
    let runs = 0;
    const leaving = new AbortController();
    app.use(
      gate,
      (req, _res, next) => {
        if (leaving.signal.aborted) return next();
        // real time: later than all other listeners for the close
        req.socket.once("close", () => setTimeout(next, 20));
        leaving.abort();
      },
      express.json(),
    );
    app.post("/", (req: express5.Request, res: express5.Response) => {
      runs += 1;
      const { amount } = (req.body ?? {}) as { amount?: number };
      if (amount === undefined) res.sendStatus(422);
      else res.json({ charged: amount });
    });
    app.use(gate.errors());
    const origin = await listening(app);
    const headers = { "idempotency-key": "k", "content-type": "application/json" };
    const request = { method: "POST", headers, body: '{"amount":5}' };
    const { signal } = leaving;
    await expect(fetch(origin, { ...request, signal })).rejects.toThrow();
    await expect.poll(() => runs).toBe(1);
    expect(await (await fetch(origin, request)).json()).toEqual({ charged: 5 });
    expect(runs).toBe(1);
  });
});

test("a response behind a Proxy is completed too", async () => {
  let runs = 0;
  const listener = onNode(async (request, response) => {
    runs += 1;
    await once(request.socket, "close");
    // real time: later than all other listeners for the close
    await sleep(20);
    response.end("done");
  });
  const origin = await listening((request, response) => {
    const get = (_target: object, name: string | symbol): unknown => {
      const value: unknown = Reflect.get(response, name);
      return typeof value === "function" ? value.bind(response) : value;
    };
    listener(request, new Proxy(response, { get }) as typeof response);
  });
  const wire = (await Wire.open(origin)).send(asked({ key: "k" }));
  await expect.poll(() => runs, { interval: 5 }).toBe(1);
  wire.socket.destroy();
  // real time: the response without a connection ends without an event
  await sleep(100);
  const again = await ask(origin, { key: "k" });
  expect([again.replayed, again.body, runs]).toEqual([true, "done", 1]);
});

test("a hand-made request needs no connection", async () => {
  let runs = 0;
  const listener = onNode((_request, response) => response.end(`run ${(runs += 1)}`));
  const answer = async (): Promise<string> => {
    const request = Object.assign(new IncomingMessage(null as never), {
      method: "POST",
      url: "/",
      headers: { "idempotency-key": "k" },
      httpVersionMajor: 1,
      complete: true,
    });
    request.push(null);
    const response = new ServerResponse(request);
    const sink = new PassThrough();
    response.assignSocket(sink as unknown as Socket);
    response.on("finish", () => sink.end());
    listener(request, response);
    return text(sink);
  };
  expect(await answer()).toContain("run 1");
  expect(await answer()).toContain("run 1");
});
