import { memoryStore, type IdempotencyStore } from "@reissue/core";
import { reissue } from "@reissue/express";
import { claimOf } from "@reissue/server";
import { manualClock, type ManualClock } from "@reissue/testing";
import express5 from "express";
import express4 from "express4";
import { describe, expect, onTestFinished, test } from "vitest";

import { frameworks, type Call, type Start } from "../../support/frameworks/frameworks.ts";
import { serve, type Service } from "../capture/service.ts";
import { ask } from "../../support/raw-connection.ts";
import { listening } from "../../support/listen.ts";

const timeoutMs = 2000;
const leaseMs = 6000;

/** A handler that goes on until it is told to end, and the signal that it was given. */
class Work {
  readonly signals: (AbortSignal | undefined)[] = [];
  #end: (error?: Error) => void = () => {};
  readonly #ended = new Promise<void>((resolve, reject) => {
    this.#end = (error) => (error === undefined ? resolve() : reject(error));
  });

  constructor() {
    onTestFinished(() => this.end());
  }

  end(error?: Error): void {
    this.#end(error);
  }

  async run({ request }: Call, number: number): Promise<string> {
    this.signals.push(claimOf(request)?.signal);
    if (number === 1) await this.#ended;
    return `run ${number}`;
  }
}

interface Bench {
  readonly clock: ManualClock;
  readonly work: Work;
  readonly service: Service;
  /** What a request with the key is answered with. */
  post(): Promise<[status: number, body: string]>;
  /** The first request, whose route's time is over. */
  expire(): Promise<void>;
}

async function opened(
  start: Start,
  {
    methods = () => ({}),
    route = { timeoutMs },
    ...idempotency
  }: {
    readonly methods?: (store: IdempotencyStore) => Partial<IdempotencyStore>;
    readonly route?: { readonly timeoutMs?: number };
    readonly guarantee?: "at-most-once";
    readonly maxRunMs?: number;
  } = {},
): Promise<Bench> {
  const clock = manualClock();
  const memory = memoryStore({ clock });
  const store: IdempotencyStore = {
    claim: (request) => memory.claim(request),
    renew: (token, ms) => memory.renew(token, ms),
    complete: (token, answer, retentionMs) => memory.complete(token, answer, retentionMs),
    release: (owner) => memory.release(owner),
    ...methods(memory),
  };
  const work = new Work();
  const service = await serve(start, (call, number) => work.run(call, number), {
    store,
    route,
    gate: { clock },
    leaseMs,
    ...idempotency,
  });
  const post = async (): Promise<[number, string]> => {
    const { status, body } = await ask(service.origin, { key: "k" });
    return [status, body];
  };
  return {
    clock,
    work,
    service,
    post,
    async expire() {
      const first = post();
      await expect.poll(service.runs, { interval: 2 }).toBe(1);
      await clock.advance(timeoutMs);
      expect((await first)[0]).toBe(504);
    },
  };
}

describe.each(frameworks)(
  "%s with a handler that goes on after the time of its route",
  (_, start) => {
    test("keeps its key while it runs, and for a lease after that", async () => {
      const b = await opened(start);
      await b.expire();
      await b.clock.advance(10 * leaseMs);
      expect([(await b.post())[0], b.service.runs()]).toEqual([409, 1]);
      expect(b.work.signals[0]?.aborted).toBe(false);
      b.work.end();
      await expect.poll(() => b.clock.pending, { interval: 2 }).toBeLessThanOrEqual(1);
      await b.clock.advance(leaseMs / 2);
      expect((await b.post())[0]).toBe(409);
      await b.clock.advance(leaseMs / 2);
      expect(await b.post()).toEqual([200, "run 2"]);
    });

    test("keeps its key in the same way if it then fails", async () => {
      const b = await opened(start);
      await b.expire();
      await b.clock.advance(2 * leaseMs);
      b.work.end(new Error("late"));
      await expect.poll(() => b.clock.pending, { interval: 2 }).toBeLessThanOrEqual(1);
      expect((await b.post())[0]).toBe(409);
      await b.clock.advance(leaseMs);
      expect(await b.post()).toEqual([200, "run 2"]);
    });

    test("keeps its key for maxRunMs, and aborts its signal before another request may run", async () => {
      const b = await opened(start, { maxRunMs: 5 * leaseMs });
      await b.expire();
      await b.clock.advance(5 * leaseMs + leaseMs / 3);
      expect(b.work.signals[0]?.reason).toMatchObject({
        status: 409,
        code: "ERR_REISSUE_CLAIM_LOST",
      });
      expect((await b.post())[0]).toBe(409);
      await b.clock.advance(leaseMs);
      expect(await b.post()).toEqual([200, "run 2"]);
    });

    test("leaves an unknown outcome with at-most-once, and the handler does not run again", async () => {
      const b = await opened(start, { guarantee: "at-most-once" });
      const first = b.post();
      await expect.poll(b.service.runs, { interval: 2 }).toBe(1);
      await b.clock.advance(timeoutMs);
      expect((await first)[0]).toBe(500);
      b.work.end();
      await expect.poll(() => b.clock.pending, { interval: 2 }).toBeLessThanOrEqual(1);
      await b.clock.advance(leaseMs);
      const [status, body] = await b.post();
      expect([status, body.includes("unknown"), b.service.runs()]).toEqual([409, true, 1]);
    });
  },
);

describe.each(frameworks)("%s with a handler whose claim is lost", (_, start) => {
  test("reports the loss by the signal of the claim", async () => {
    let isLost = false;
    const methods = (store: IdempotencyStore): Partial<IdempotencyStore> => ({
      renew: (token, ms) => !isLost && store.renew(token, ms),
    });
    const b = await opened(start, { methods, route: {} });
    const first = b.post();
    await expect.poll(b.service.runs, { interval: 2 }).toBe(1);
    await b.clock.advance(leaseMs);
    expect(b.work.signals[0]?.aborted).toBe(false);
    isLost = true;
    await b.clock.advance(leaseMs / 3);
    expect(b.work.signals[0]?.aborted).toBe(true);
    b.work.end(b.work.signals[0]?.reason);
    expect((await first)[0]).toBe(409);
  });

  test("does not free the key with at-most-once if the handler stops with an error", async () => {
    const b = await opened(start, { guarantee: "at-most-once", maxRunMs: 0, route: {} });
    const first = b.post();
    await expect.poll(b.service.runs, { interval: 2 }).toBe(1);
    await b.clock.advance(leaseMs / 3);
    b.work.end(b.work.signals[0]?.reason);
    expect((await first)[0]).toBe(409);
    const [status, body] = await b.post();
    expect([status, body.includes("unknown"), b.service.runs()]).toEqual([409, true, 1]);
  });
});

/** How a handler of Express' may answer; `gate.handler` around it tells when it is done, and here there is none. */
const ways: readonly (readonly [string, (response: express5.Response) => unknown])[] = [
  ["json", (response) => response.json({})],
  ["send", (response) => response.send("late")],
  ["end", (response) => response.end("late")],
  ["redirect", (response) => response.redirect("/")],
];

describe.each([
  ["Express 5", express5],
  ["Express 4", express4 as unknown as typeof express5],
])("a plain handler of %s that goes on after the time of its route", (_name, express) => {
  test.each(ways)("keeps its key until it responds with %s", async (_way, respond) => {
    const clock = manualClock();
    const app = express();
    app.set("env", "test");
    const idempotency = { store: memoryStore({ clock }), scope: "shared", leaseMs } as const;
    const gate = reissue({ clock, timeoutMs, idempotency });
    let runs = 0;
    let end = (): void => {};
    app.use(gate, (_request, response) => {
      if ((runs += 1) > 1) return void response.send("again");
      end = () => {
        try {
          respond(response);
        } catch {
          // Headers that were sent: the process of an application of its own ends with that.
        }
      };
    });
    app.use(gate.errors());
    const origin = await listening(app);
    const first = ask(origin, { key: "k" });
    await expect.poll(() => runs, { interval: 2 }).toBe(1);
    await clock.advance(timeoutMs);
    expect((await first).status).toBe(504);
    await clock.advance(2 * leaseMs);
    expect((await ask(origin, { key: "k" })).status).toBe(409);
    end();
    await clock.advance(leaseMs);
    expect(await ask(origin, { key: "k" })).toMatchObject({ status: 200, body: "again" });
  });

  test("keeps its key if an error handler writes its response before it ends it", async () => {
    const clock = manualClock();
    const app = express();
    app.set("env", "test");
    const idempotency = { store: memoryStore({ clock }), scope: "shared", leaseMs } as const;
    const gate = reissue({ clock, timeoutMs, idempotency });
    let runs = 0;
    app.use(gate, () => {
      runs += 1;
    });
    const page: express5.ErrorRequestHandler = (error, _request, response, _next) => {
      response.status(error.status).set("Content-Length", "5");
      response.write("sorry");
      response.end();
    };
    app.use(gate.errors(), page);
    const origin = await listening(app);
    const first = ask(origin, { key: "k" });
    await expect.poll(() => runs, { interval: 2 }).toBe(1);
    await clock.advance(timeoutMs);
    expect(await first).toMatchObject({ status: 504, body: "sorry" });
    await clock.advance(2 * leaseMs);
    expect([(await ask(origin, { key: "k" })).status, runs]).toEqual([409, 1]);
  });
});
