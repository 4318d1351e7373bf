import { Readable } from "node:stream";

import { headerValue, type FaultyUpstream } from "@reissue/testing";
import { createUpstream, type BoundUpstream, type OriginOptions } from "@reissue/upstream";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { impatient } from "../../support/upstream/client.ts";
import { ways } from "../../support/upstream/ways.ts";

/** A client bound to an inbound request of its own, for which a server derives keys. */
function bound(server: FaultyUpstream, options: OriginOptions = {}): BoundUpstream {
  const origins = { [server.origin]: { idempotencyKey: "derive", ...options } as const };
  return impatient({ origins }).bind({});
}

function keysOf({ requests }: FaultyUpstream): (string | null)[] {
  return requests.map(({ headers }) => headerValue(headers, "idempotency-key"));
}

const missing = { code: "ERR_REISSUE_STEP_MISSING" };
const reused = { code: "ERR_REISSUE_STEP_REUSED", step: "charge" };
const charge = { method: "POST", step: "charge", body: "a" };

describe.each(ways)("%s", (_, send) => {
  test.each(["POST", "PATCH", "LOCK"])("a %s without a step is not sent", async (method) => {
    const server = await opened();
    await expect(send(bound(server), server.origin, { method })).rejects.toMatchObject(missing);
    expect(server.connections).toBe(0);
  });

  test.each([
    ["an idempotent method", { method: "PUT", body: "a" }, {}],
    ["a safe method", { method: "GET" }, {}],
    ["a key of its own", { method: "POST", headers: { "idempotency-key": "mine" } }, {}],
    ["an origin that forwards keys", { method: "POST" }, { idempotencyKey: "forward" }],
    ["an origin without a rule", { method: "POST" }, { idempotencyKey: undefined }],
  ] as const)("%s needs no step", async (_name, call, options) => {
    const server = await opened();
    expect(await send(bound(server, options), server.origin, call)).toBe("ok");
  });

  test("an unbound client needs no step, but accepts one", async () => {
    const server = await opened({ faults: [{ fault: "reset", times: 1 }] });
    const upstream = impatient({ origins: { [server.origin]: { idempotencyKey: "derive" } } });
    await send(upstream, server.origin, { method: "POST", body: "a" });
    await send(upstream, server.origin, charge);
    const [first, again, second] = keysOf(server);
    expect(first).toMatch(/^"[0-9a-f-]{36}"$/);
    expect(again).toBe(first);
    expect(second).not.toBe(first);
  });

  test("a route names the step of calls that have none", async () => {
    const server = await opened();
    const routes = { "POST /charges/:id": { step: "charge", maxAttempts: 2 } };
    const upstream = bound(server, { routes });
    await send(upstream, `${server.origin}/charges/1`, { method: "POST" });
    const again = send(upstream, `${server.origin}/charges/2`, { method: "POST" });
    await expect(again).rejects.toMatchObject(reused);
    await send(upstream, `${server.origin}/charges/2`, { method: "POST", step: "charge:2" });
    await expect(send(upstream, server.origin, { method: "POST" })).rejects.toMatchObject(missing);
    expect(new Set(keysOf(server)).size).toBe(2);
  });

  test.each(["", "x".repeat(256), 1, null])("%j is refused as a step", async (step) => {
    const server = await opened();
    const call = { method: "POST", step: step as string };
    await expect(send(bound(server), server.origin, call)).rejects.toMatchObject({
      code: "ERR_REISSUE_OPTION",
      path: "step",
    });
    expect(server.connections).toBe(0);
  });

  const form = new FormData();
  form.append("item", "a");
  form.append("file", new Blob(["abc"]), "a.txt");
  const blob = new Blob(["abc"]);
  test.each<[string, () => unknown]>([
    ["no body", () => undefined],
    ["a string", () => "a"],
    ["bytes", () => Buffer.from("a")],
    ["parameters", () => new URLSearchParams({ item: "a" })],
    ["the same Blob", () => blob],
    ["the same form", () => form],
  ])("the same step with %s again has the same key", async (_name, body) => {
    const server = await opened();
    const upstream = bound(server);
    for (let calls = 0; calls < 2; calls += 1) {
      await send(upstream, server.origin, { ...charge, body: body() });
    }
    const keys = keysOf(server);
    expect(keys[1]).toBe(keys[0]);
  });

  test.each<[string, string, () => unknown]>([
    ["another body", "/", () => "b"],
    ["another path", "/2", () => "a"],
    ["another query", "/?a", () => "a"],
    ["a stream", "/", () => Readable.from(["a"], { objectMode: false })],
    ["a factory", "/", () => () => "a"],
  ])("the same step with %s is not sent", async (_name, path, body) => {
    const server = await opened();
    const upstream = bound(server);
    await send(upstream, server.origin, charge);
    const again = send(upstream, server.origin + path, { ...charge, body: body() });
    await expect(again).rejects.toMatchObject(reused);
    expect(server.requests).toHaveLength(1);
  });

  test("the same step twice at once is sent once", async () => {
    const server = await opened();
    const upstream = bound(server);
    const both = [1, 2].map(() => send(upstream, server.origin, charge));
    const [first, second] = await Promise.allSettled(both);
    expect(first).toMatchObject({ status: "fulfilled", value: "ok" });
    expect(second).toMatchObject({ status: "rejected", reason: reused });
    expect(server.requests).toHaveLength(1);
  });

  test("a step that failed can be called again, under its key", async () => {
    const server = await opened({ faults: [{ fault: "reset", when: "after-processing" }] });
    const upstream = bound(server);
    await expect(send(upstream, server.origin, charge)).rejects.toMatchObject({
      reason: "attempts-exhausted",
    });
    server.setFaults([]);
    await send(upstream, server.origin, charge);
    expect(new Set(keysOf(server)).size).toBe(1);
  });

  test("a step ends with its response, even if the body is unread", async () => {
    const server = await opened({ respond: { body: "x".repeat(2 ** 20) } });
    const upstream = bound(server);
    const call = (): Promise<{ readonly body: unknown }> =>
      send === ways[0]![1]
        ? upstream(server.origin, charge)
        : upstream.request(server.origin, { ...charge, method: "POST" });
    await call();
    await call();
    expect(server.requests).toHaveLength(2);
  });

  test("one step has two keys if it is bound to two requests", async () => {
    const server = await opened();
    const upstream = impatient({ origins: { [server.origin]: { idempotencyKey: "derive" } } });
    for (const inbound of [{}, {}]) await send(upstream.bind(inbound), server.origin, charge);
    expect(new Set(keysOf(server)).size).toBe(2);
  });
});

test("two origins and two methods have steps of their own", async () => {
  const [one, other] = [await opened(), await opened()];
  const derive = { idempotencyKey: "derive" } as const;
  const origins = { [one.origin]: derive, [other.origin]: derive };
  const upstream = impatient({ origins }).bind({});
  await Promise.all([
    upstream(one.origin, { ...charge, body: "a" }),
    upstream(other.origin, { ...charge, body: "b" }),
    upstream(one.origin, { ...charge, method: "PATCH", body: "c" }),
  ]);
  expect(new Set([...keysOf(one), ...keysOf(other)]).size).toBe(3);
});

test("a redirected call continues under its key", async () => {
  const server = await opened({
    respond: ({ path }) =>
      path === "/new" ? { body: "ok" } : { status: 307, headers: { location: "/new" } },
  });
  const upstream = bound(server);
  for (let calls = 0; calls < 2; calls += 1) {
    expect(await (await upstream(server.origin, charge)).text()).toBe("ok");
  }
  expect(server.requests.map(({ path }) => path)).toEqual(["/", "/new", "/", "/new"]);
  expect(new Set(keysOf(server)).size).toBe(1);
});

test("a redirect to another origin carries neither key nor step", async () => {
  const elsewhere = await opened();
  const server = await opened({
    respond: { status: 307, headers: { location: `${elsewhere.origin}/new` } },
  });
  expect(await (await bound(server)(server.origin, charge)).text()).toBe("ok");
  expect(keysOf(elsewhere)).toEqual([null]);
});

test("the dispatcher requires steps of calls that are made for an inbound request", async () => {
  const server = await opened();
  const origins = { [server.origin]: { idempotencyKey: "derive" } } as const;
  const { dispatcher } = impatient({ origins });
  const dispatched = (options: object): Promise<string> => {
    const request = { origin: server.origin, path: "/", method: "POST", ...options };
    return dispatcher.request(request as never).then(({ body }) => body.text());
  };
  expect(await dispatched({})).toBe("ok");
  const inbound = {};
  await expect(dispatched({ inbound })).rejects.toMatchObject(missing);
  expect(await dispatched({ inbound, step: "charge" })).toBe("ok");
  await expect(dispatched({ inbound, step: "charge", body: "b" })).rejects.toMatchObject(reused);
});

test("a request that is refused for another reason begins no step", async () => {
  const server = await opened();
  const upstream = bound(server);
  const wrong = { ...charge, retry: { maxAttempts: 0 } };
  await expect(upstream(server.origin, wrong)).rejects.toMatchObject({ path: "retry.maxAttempts" });
  const broken = { ...charge, headers: { "x y": "" } };
  await expect(upstream.request(server.origin, broken as object)).rejects.toThrow(/header/);
  await (await upstream(server.origin, charge)).text();
  expect(server.requests).toHaveLength(1);
});

test("a step of a route is checked when the client is made", () => {
  const origins = {
    "http://payments:3000": { routes: { "POST /charges": { step: "" } } },
  };
  expect(() => createUpstream({ origins })).toThrow(
    /^origins\["http:\/\/payments:3000"\]\.routes\["POST \/charges"\]\.step must be a string of 1 to 255/,
  );
});
