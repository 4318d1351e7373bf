import { createReadStream } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { idempotencyChannel, memoryStore, type IdempotencyMessage } from "@reissue/core";
import type { IdempotencyStore } from "@reissue/core";
import createError from "http-errors";
import { describe, expect, onTestFinished, test } from "vitest";

import {
  frameworks,
  type Call,
  type Running,
  type ServiceOptions,
  type Start,
} from "./frameworks.ts";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly replayed: boolean;
  readonly body: Buffer;
}

/** A POST with a key. */
async function post(
  { origin }: Running,
  {
    path = "/payments",
    key = "k-1",
    body = "pay",
    headers = {},
  }: {
    readonly path?: string;
    readonly key?: string;
    readonly body?: string;
    readonly headers?: Record<string, string>;
  } = {},
): Promise<Answer> {
  const answer = await fetch(origin + path, {
    method: "POST",
    body,
    headers: { "content-type": "text/plain", "idempotency-key": key, ...headers },
    redirect: "manual",
    signal: AbortSignal.timeout(10_000),
  });
  return {
    status: answer.status,
    headers: answer.headers,
    replayed: answer.headers.get("idempotent-replayed") === "true",
    body: Buffer.from(await answer.arrayBuffer()),
  };
}

/** Sends a POST whose client leaves once its handler runs. */
async function left({ origin, runs }: Running & { readonly runs: () => number }): Promise<void> {
  const leaving = new AbortController();
  const asked = fetch(`${origin}/payments`, {
    method: "POST",
    body: "pay",
    headers: { "content-type": "text/plain", "idempotency-key": "k-1" },
    signal: leaving.signal,
  });
  const failed = asked.catch((error: unknown) => error);
  await expect.poll(runs).toBe(1);
  leaving.abort();
  expect(await failed).toBeInstanceOf(DOMException);
}

/** What happens on the channel while the test runs. */
function heard(): IdempotencyMessage[] {
  const messages: IdempotencyMessage[] = [];
  const listen = (message: unknown): void => void messages.push(message as IdempotencyMessage);
  idempotencyChannel.subscribe(listen);
  onTestFinished(() => {
    idempotencyChannel.unsubscribe(listen);
  });
  return messages;
}

/** A service that counts how often its handler ran. */
async function counting(
  start: Start,
  run: (call: Call, number: number) => unknown,
  options: Omit<ServiceOptions, "run"> = {},
  idempotency: object = {},
): Promise<Running & { readonly runs: () => number }> {
  let runs = 0;
  const service = await start({
    ...options,
    gate: {
      ...options.gate,
      idempotency: { store: memoryStore(), scope: "shared", ...idempotency },
    },
    run: (call) => run(call, (runs += 1)),
  });
  return { ...service, runs: () => runs };
}

/** A memory store, one method of which is another. */
function storeWith(methods: Partial<IdempotencyStore>): IdempotencyStore {
  const store = memoryStore();
  return {
    claim: (request) => store.claim(request),
    renew: (token, leaseMs) => store.renew(token, leaseMs),
    complete: (token, answer, retentionMs) => store.complete(token, answer, retentionMs),
    release: (token) => store.release(token),
    ...methods,
  };
}

const down = (): Promise<never> => Promise.reject(new Error("connect ECONNREFUSED 10.0.0.9:6379"));

describe.each(frameworks)("%s", (_, start: Start) => {
  test("of concurrent duplicates one runs, and the others are told to come again", async () => {
    let refused = 0;
    const service = await counting(start, async (_call, number) => {
      await expect.poll(() => refused, { timeout: 10_000 }).toBe(7);
      return `run ${number}`;
    });
    const asked = Array.from({ length: 8 }, async () => {
      const answer = await post(service);
      if (answer.status === 409) refused += 1;
      return answer;
    });
    const answers = await Promise.all(asked);
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([200, ...Array(7).fill(409)]);
    const busy = answers.find(({ status }) => status === 409);
    expect(busy?.headers.get("retry-after")).toBe("1");
    expect(busy?.headers.get("x-should-retry")).toBe("true");
    expect(service.runs()).toBe(1);
    const again = await post(service);
    expect([again.status, again.replayed, again.body.toString()]).toEqual([200, true, "run 1"]);
  });

  test("duplicates wait for the first answer where they may", async () => {
    const run = async (): Promise<string> => {
      await sleep(100);
      return "once";
    };
    const service = await counting(start, run, {}, { waitMs: 5000 });
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(service)));
    expect(answers.map(({ body }) => body.toString())).toEqual(Array(8).fill("once"));
    expect(answers.filter(({ replayed }) => replayed)).toHaveLength(7);
    expect(service.runs()).toBe(1);
  });

  test("a key with another body, path or type is refused, and changes nothing", async () => {
    const service = await counting(start, () => "first");
    await post(service);
    const other = [
      { body: "pay more" },
      { path: "/refunds" },
      { path: "/payments?twice" },
      { headers: { "content-type": "application/x-pay" } },
    ];
    for (const request of other) {
      const refused = await post(service, request);
      expect([refused.status, refused.headers.get("x-should-retry")]).toEqual([422, "false"]);
    }
    const again = await post(service);
    expect([again.status, again.replayed, again.body.toString()]).toEqual([200, true, "first"]);
    expect(service.runs()).toBe(1);
  });

  test("two callers with the same key and body do not see each other's answers", async () => {
    const scope = (carrier: unknown): string => {
      const { headers } = carrier as { headers: Record<string, string> };
      return headers["authorization"] ?? "";
    };
    const service = await counting(
      start,
      ({ request, response }) => {
        response.setHeader("set-cookie", `session=${request.headers.authorization}`);
        return `for ${request.headers.authorization}`;
      },
      {},
      { scope },
    );
    for (const [authorization, replayed] of [
      ["ann", false],
      ["bob", false],
      ["ann", true],
      ["bob", true],
    ] as const) {
      const answer = await post(service, { headers: { authorization } });
      expect([answer.body.toString(), answer.replayed]).toEqual([`for ${authorization}`, replayed]);
      if (replayed) expect(answer.headers.get("set-cookie")).toBe(null);
    }
    expect(service.runs()).toBe(2);
  });

  test("nothing secret is stored, and no key", async () => {
    const stored: string[] = [];
    const service = await counting(
      start,
      ({ response }) => {
        response.setHeader("set-cookie", "session=SECRET");
        response.setHeader("authorization", "SECRET");
        response.setHeader("x-other", "SECRET");
        return "done";
      },
      {},
      {
        store: storeWith({
          async complete(token, answer) {
            stored.push(JSON.stringify(token), Buffer.from(answer).toString("latin1"));
            return true;
          },
        }),
      },
    );
    const headers = { authorization: "SECRET", cookie: "SECRET" };
    await post(service, { key: "very-own-key", headers });
    expect(stored).toHaveLength(2);
    expect(stored.join()).not.toMatch(/SECRET|very-own-key/);
  });

  test.each<[string, (call: Call) => unknown]>([
    ["bytes", () => Buffer.from([0, 255, 128, 10, 13])],
    ["nothing", ({ response }) => (response.end(), null)],
    [
      "null as JSON",
      ({ response }) => (response.setHeader("content-type", "application/json").end("null"), null),
    ],
    [
      "a redirect",
      ({ response }) => (response.writeHead(303, { location: "/orders/1" }).end(), null),
    ],
    [
      "a file",
      ({ response }) => (
        createReadStream(import.meta.filename).pipe(response.writeHead(200)),
        null
      ),
    ],
    [
      "an error of the client's",
      () => {
        throw createError(402, "Declined", { headers: { "retry-after": "60" } });
      },
    ],
  ])("replays %s", async (_name, run) => {
    const service = await counting(start, run);
    const first = await post(service);
    const second = await post(service);
    expect(second.replayed).toBe(true);
    expect(second.status).toBe(first.status);
    expect(second.body.equals(first.body)).toBe(true);
    for (const name of ["content-type", "location", "retry-after"]) {
      expect(second.headers.get(name)).toBe(first.headers.get(name));
    }
    expect(service.runs()).toBe(1);
  });

  test("an error of the service's frees its key", async () => {
    const service = await counting(start, (_call, number) => {
      if (number === 1) throw new Error("a bug");
      return "done";
    });
    const answers = [await post(service), await post(service), await post(service)];
    expect(answers.map(({ status }) => status)).toEqual([500, 200, 200]);
    expect(service.runs()).toBe(2);
  });

  test("a failure of its upstream is retryable, since its key is deduplicated", async () => {
    const reset = Object.assign(new Error("read ECONNRESET"), {
      code: "ECONNRESET",
      syscall: "read",
    });
    const service = await counting(start, (_call, number) => {
      if (number === 1) throw reset;
      return "done";
    });
    const failed = await post(service);
    expect([failed.status, failed.headers.get("x-should-retry")]).toEqual([502, "true"]);
    expect((await post(service)).status).toBe(200);
  });

  test("a client that left gets its answer when it comes again", async () => {
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    let isDone = false;
    const service = await counting(start, async ({ response }) => {
      await answered;
      setImmediate(() => (isDone = true));
      expect(response.socket?.destroyed ?? true).toBe(true);
      return "done";
    });
    await left(service);
    await sleep(50);
    answer();
    await expect.poll(() => isDone).toBe(true);
    await sleep(20);
    const again = await post(service);
    expect([again.status, again.replayed, again.body.toString()]).toEqual([200, true, "done"]);
    expect(service.runs()).toBe(1);
  });

  test("a handler that never answers holds its key for maxRunMs and a lease", async () => {
    const service = await counting(
      start,
      async ({ response }, number) => {
        if (number > 1) return "done";
        await new Promise((resolve) => response.once("close", resolve));
        return null;
      },
      {},
      { storeTimeoutMs: 50, leaseMs: 300, maxRunMs: 0 },
    );
    await left(service);
    expect((await post(service)).status).toBe(409);
    await expect.poll(async () => (await post(service)).status, { timeout: 5000 }).toBe(200);
    expect(service.runs()).toBe(2);
  });

  test("an answer that is too large is not kept, and nothing runs again", async () => {
    const service = await counting(start, () => "x".repeat(2000), {}, { maxAnswerBytes: 1000 });
    expect((await post(service)).body).toHaveLength(2000);
    const again = await post(service);
    expect([again.status, again.headers.get("x-should-retry")]).toEqual([409, "false"]);
    expect(service.runs()).toBe(1);
  });

  test("a route that answered for its handler leaves the key to its lease", async () => {
    const messages = heard();
    const service = await counting(
      start,
      () => new Promise((resolve) => setTimeout(resolve, 300, "late")),
      { route: { timeoutMs: 50 } },
    );
    const late = await post(service);
    expect([late.status, late.headers.get("x-should-retry")]).toEqual([504, "true"]);
    expect((await post(service)).status).toBe(409);
    expect(messages.map(({ event }) => event)).toEqual(["claimed", "abandoned", "in-flight"]);
    await sleep(300);
    expect(service.runs()).toBe(1);
  });

  test("with and without quotes a key is the same; without its closing quote it is none", async () => {
    const service = await counting(start, () => "done");
    await post(service, { key: "k" });
    expect((await post(service, { key: '"k"' })).replayed).toBe(true);
    expect((await post(service, { key: '"k' })).status).toBe(400);
    expect(service.runs()).toBe(1);
  });

  test("a store that is down at the claim: 503, and nothing runs", async () => {
    const messages = heard();
    const service = await counting(start, () => "done", {}, { store: storeWith({ claim: down }) });
    const refused = await post(service);
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.headers.get("x-should-retry")).toBe("true");
    expect(refused.body.toString()).not.toContain("10.0.0.9");
    expect(service.runs()).toBe(0);
    expect(messages).toMatchObject([{ event: "store-failed", operation: "claim" }]);
  });

  test("a store that is slow at the claim: 503 once its time is over", async () => {
    const claim = (): Promise<never> => new Promise(() => {});
    const idempotency = { store: storeWith({ claim }), storeTimeoutMs: 50 };
    const service = await counting(start, () => "done", {}, idempotency);
    expect((await post(service)).status).toBe(503);
    expect(service.runs()).toBe(0);
  });

  test.each<[string, () => Promise<never>]>([
    ["down", down],
    ["slow", () => new Promise(() => {})],
  ])("a store that is %s at the end: the client gets its answer", async (_name, complete) => {
    const messages = heard();
    const idempotency = { store: storeWith({ complete }), storeTimeoutMs: 50 };
    const service = await counting(start, () => "done", {}, idempotency);
    const answer = await post(service);
    expect([answer.status, answer.body.toString()]).toEqual([200, "done"]);
    expect((await post(service)).status).toBe(409);
    expect(messages.map(({ event }) => event)).toEqual(["claimed", "store-failed", "in-flight"]);
  });

  test("a header that a client made up is nothing to it", async () => {
    const service = await counting(start, () => "done");
    const headers = { "x-hit": "true", "idempotent-replayed": "true" };
    const answer = await post(service, { headers });
    expect([answer.status, answer.replayed, service.runs()]).toEqual([200, false, 1]);
  });

  test("a body that is too large is refused before it runs", async () => {
    const service = await counting(start, () => "done", {}, { maxBodyBytes: 10 });
    expect((await post(service, { body: "x".repeat(11) })).status).toBe(413);
    expect((await post(service, { body: "x".repeat(10) })).status).toBe(200);
    expect(service.runs()).toBe(1);
  });
});
