import { setImmediate } from "node:timers/promises";

import { memoryStore } from "@reissue/core";
import { gateConfig } from "@reissue/server/internal";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";

import {
  frameworks,
  type Call,
  type Running,
  type ServiceOptions,
  type Start,
} from "../../support/frameworks/frameworks.ts";

type Idempotency = NonNullable<NonNullable<ServiceOptions["gate"]>["idempotency"]>;

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeAll(() => void process.on("unhandledRejection", note));
afterAll(async () => {
  await setImmediate();
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

const handlers = ["get", "has", "getPrototypeOf", "ownKeys", "getOwnPropertyDescriptor"];
const traps = Object.fromEntries(handlers.map((name) => [name, () => never(new Error("trap"))]));

function never(error: unknown): never {
  throw error;
}

/** Starts a service whose answers are numbered, by what it says of keys. */
function started(
  start: Start,
  idempotency: Idempotency,
  run: (number: number, call: Call) => unknown = (number) => `run ${number}`,
): Promise<Running> {
  let runs = 0;
  return start({
    gate: { idempotency: { store: memoryStore(), scope: "shared", ...idempotency } },
    run: (call) => run((runs += 1), call),
  });
}

/** Asks with one key: the status, whether it is a replay, and the body. */
async function ask({ origin }: Running, method: string, body?: string): Promise<unknown[]> {
  const headers = { "idempotency-key": "k", "content-type": "text/plain" };
  const answer = await fetch(origin, { method, headers, ...(body !== undefined && { body }) });
  return [answer.status, answer.headers.get("idempotent-replayed"), await answer.text()];
}

describe.each(frameworks)("%s", (_, start) => {
  test.each(["GET", "OPTIONS"])("a key on %s is not claimed", async (method) => {
    const service = await started(start, {});
    expect(await ask(service, method)).toEqual([200, null, "run 1"]);
    expect(await ask(service, method)).toEqual([200, null, "run 2"]);
    expect((await ask(service, "HEAD"))[1]).toBe(null);
    expect(await ask(service, "POST", "x")).toEqual([200, null, "run 4"]);
    expect(await ask(service, "POST", "x")).toEqual([200, "true", "run 4"]);
  });

  test.each(["POST", "PUT", "PATCH", "DELETE"])("a key on %s is claimed", async (method) => {
    const service = await started(start, {});
    expect(await ask(service, method)).toEqual([200, null, "run 1"]);
    expect(await ask(service, method)).toEqual([200, "true", "run 1"]);
  });

  test("the option methods lists the methods whose keys are claimed", async () => {
    const service = await started(start, { methods: ["GET", "PATCH"] });
    expect(await ask(service, "POST", "x")).toEqual([200, null, "run 1"]);
    expect(await ask(service, "POST", "x")).toEqual([200, null, "run 2"]);
    expect(await ask(service, "GET")).toEqual([200, null, "run 3"]);
    expect(await ask(service, "GET")).toEqual([200, "true", "run 3"]);
    expect((await ask(service, "PATCH"))[0]).toBe(422);
  });

  test("the option fingerprint decides what has to be the same", async () => {
    const orderOf = (body: Uint8Array): string =>
      String(JSON.parse(Buffer.from(body).toString()).order);
    const service = await started(start, { fingerprint: (_request, body) => orderOf(body) });
    expect(await ask(service, "POST", '{"order":1,"at":1}')).toEqual([200, null, "run 1"]);
    expect(await ask(service, "POST", '{"at":2,"order":1}')).toEqual([200, "true", "run 1"]);
    expect((await ask(service, "POST", '{"order":2,"at":1}'))[0]).toBe(422);
  });

  test("the option keep gets bytes of its own, which it may change", async () => {
    const service = await started(start, { keep: ({ body }) => body.fill("x").length > 0 });
    expect(await ask(service, "POST", "x")).toEqual([200, null, "run 1"]);
    expect(await ask(service, "POST", "x")).toEqual([200, "true", "run 1"]);
  });

  test("an empty fingerprint is refused, and the handler does not run", async () => {
    for (const nothing of ["", new Uint8Array(), undefined, {}]) {
      let runs = 0;
      const service = await started(
        start,
        { fingerprint: () => nothing as string },
        () => `run ${(runs += 1)}`,
      );
      expect((await ask(service, "POST", "x"))[0]).toBe(500);
      expect(runs).toBe(0);
    }
  });

  test("the option keep decides about responses whose status allows them to be stored", async () => {
    const seen: unknown[] = [];
    const idempotency: Idempotency = {
      keep({ status, headers, body }) {
        seen.push([status, headers["x-kept"], headers["set-cookie"]]);
        return JSON.parse(body.toString()).errors === undefined;
      },
      keepHeaders: ["X-Kept"],
    };
    const run = (number: number, { response }: Call): null => {
      response.setHeader("X-Kept", "yes").setHeader("Set-Cookie", "a=b");
      response.statusCode = 200;
      if (number > 1) response.end('{"data":1}');
      else response.end('{"errors":[]}');
      return null;
    };
    const service = await started(start, idempotency, run);
    expect(await ask(service, "POST", "x")).toEqual([200, null, '{"errors":[]}']);
    expect(await ask(service, "POST", "x")).toEqual([200, null, '{"data":1}']);
    expect(await ask(service, "POST", "x")).toEqual([200, "true", '{"data":1}']);
    expect(seen).toEqual([
      [200, "yes", undefined],
      [200, "yes", undefined],
    ]);
    const once = await started(start, { ...idempotency, guarantee: "at-most-once" }, run);
    expect((await ask(once, "POST", "x"))[0]).toBe(200);
    expect((await ask(once, "POST", "x"))[0]).toBe(409);
  });

  test.each<[string, () => unknown]>([
    ["throws", () => JSON.parse("{")],
    ["says neither", () => undefined],
    ["throws what has no text", () => never(Object.create(null))],
    ["throws what cannot be read", () => never(new Proxy(new Error("x"), traps))],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["rejects with nothing", () => Promise.reject()],
    ["promises neither", async () => "false"],
    ["never settles", () => new Promise(() => {})],
  ])("a keep() that %s keeps the response, and warns", async (_name, keep) => {
    const warned = vi.fn<(warning: Error) => void>();
    process.on("warning", warned);
    onTestFinished(() => void process.off("warning", warned));
    const service = await started(start, { keep: keep as () => boolean, storeTimeoutMs: 100 });
    expect(await ask(service, "POST", "x")).toEqual([200, null, "run 1"]);
    expect(await ask(service, "POST", "x")).toEqual([200, "true", "run 1"]);
    await expect.poll(() => warned.mock.calls.length).toBe(1);
  });

  test("a keep() may be async, and the next request runs only if it returned false", async () => {
    const keep = async ({ body }: { readonly body: Buffer }): Promise<boolean> => {
      await setImmediate();
      return body.toString() !== "run 1";
    };
    const service = await started(start, { keep });
    expect(await ask(service, "POST", "x")).toEqual([200, null, "run 1"]);
    expect(await ask(service, "POST", "x")).toEqual([200, null, "run 2"]);
    expect(await ask(service, "POST", "x")).toEqual([200, "true", "run 2"]);
    const once = await started(start, { keep, guarantee: "at-most-once" });
    expect((await ask(once, "POST", "x"))[0]).toBe(200);
    expect((await ask(once, "POST", "x"))[0]).toBe(409);
  });

  test("a fingerprint() may be async", async () => {
    const fingerprint = async (_request: unknown, body: Uint8Array): Promise<string> => {
      await setImmediate();
      return Buffer.from(body).toString().slice(0, 1);
    };
    const service = await started(start, { fingerprint });
    expect(await ask(service, "POST", "a1")).toEqual([200, null, "run 1"]);
    expect(await ask(service, "POST", "a2")).toEqual([200, "true", "run 1"]);
    expect((await ask(service, "POST", "b"))[0]).toBe(422);
  });

  test.each<[string, Idempotency]>([
    ["a fingerprint that throws", { fingerprint: () => never(new Error("no")) }],
    ["one that rejects", { fingerprint: () => Promise.reject(new Error("no")) }],
    ["one that promises nothing", { fingerprint: async () => "" }],
    ["a scope that throws", { scope: () => never(new Error("no")) }],
    ["one that rejects", { scope: (() => Promise.reject(new Error("no"))) as never }],
    ["one that promises", { scope: (async () => "caller") as never }],
  ])("the handler does not run with %s", async (_name, idempotency) => {
    const run = vi.fn<() => string>();
    const service = await started(start, idempotency, run);
    expect((await ask(service, "POST", "x"))[0]).toBe(500);
    expect(run).not.toHaveBeenCalled();
    expect(service.errors).toHaveLength(1);
  });

  test("an async scope is named in the error, also if only an outbound call needs it", async () => {
    const service = await start({
      gate: { idempotency: { scope: (() => Promise.reject(new Error("no"))) as never } },
      run: async ({ upstream }) => (await upstream("http://127.0.0.1:1")).text(),
    });
    expect((await ask(service, "POST", "x"))[0]).toBe(500);
    expect(String(service.errors[0])).toMatch(/idempotency\.scope .* got a promise: await it/);
  });
});

test.each<[string, object]>([
  ["idempotency.methods", { methods: "POST" }],
  ["idempotency.methods[1]", { methods: ["POST", "patch"] }],
  ["idempotency.methods[0]", { methods: [1] }],
  ["idempotency.fingerprint", { fingerprint: "body" }],
  ["idempotency.keep", { keep: true }],
])("the option %s is checked", (path, options) => {
  const idempotency = { store: memoryStore(), scope: "shared" as const, ...options };
  expect(() => gateConfig({ idempotency })).toThrow(path);
  expect(() => gateConfig({ idempotency: options })).toThrow("needs a store");
});
