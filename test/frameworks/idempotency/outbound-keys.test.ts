import type { FaultyUpstream } from "@reissue/testing";
import { createUpstream, type OriginOptions } from "@reissue/upstream";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { ask } from "../../support/request.ts";
import {
  frameworks,
  type Running,
  type ServiceOptions,
  type Start,
} from "../../support/frameworks/frameworks.ts";

const scope: NonNullable<NonNullable<ServiceOptions["gate"]>["idempotency"]>["scope"] = ({
  headers,
}) => String(headers["x-account"]);

/** The keys that an upstream was sent, in order. */
function keysOf({ requests }: FaultyUpstream): (string | undefined)[] {
  return requests.map(
    ({ headers }) => headers.find(([name]) => name.toLowerCase() === "idempotency-key")?.[1],
  );
}

/** A service that makes two unsafe calls, the first twice, and a safe one; the order of the unsafe ones is the caller's. */
function calling(
  start: Start,
  orders: FaultyUpstream,
  idempotencyKey: OriginOptions["idempotencyKey"],
  options: Partial<ServiceOptions> = {},
): Promise<Running> {
  return start({
    ...options,
    upstream: { origins: { [orders.origin]: { idempotencyKey } } },
    async run({ upstream, request }) {
      const steps = String(request.headers["x-steps"] ?? "/a 1,/b 2,/a 3").split(",");
      for (const step of steps) {
        const url = orders.origin + step.split(" ")[0];
        await (await upstream(url, { method: "POST", step })).text();
      }
      await (await upstream(orders.origin)).text();
      return "done";
    },
  });
}

function post(service: Running, key: string | null, account = "one"): ReturnType<typeof ask> {
  const keyed = key === null ? {} : { "idempotency-key": key };
  return ask(service, { method: "POST", headers: { ...keyed, "x-account": account } });
}

const uuid = /^"[0-9a-f-]{36}"$/;

describe.each(frameworks)("%s", (_, start: Start) => {
  test("a derived key is the same for every retry, and differs by step, key and scope", async () => {
    const orders = await opened();
    const service = await calling(start, orders, "derive", { gate: { idempotency: { scope } } });
    await post(service, "k-1");
    // The same key in its other spelling.
    await post(service, '"k-1"');
    await post(service, "k-2");
    await post(service, "k-1", "two");
    const keys = keysOf(orders);
    const [first, again, otherKey, otherScope] = [0, 4, 8, 12].map((at) => keys.slice(at, at + 3));
    expect(again).toEqual(first);
    expect(new Set([...first!, ...otherKey!, ...otherScope!]).size).toBe(9);
    for (const key of first!) expect(key).toMatch(uuid);
    expect([3, 7, 11, 15].map((at) => keys[at])).toEqual(Array(4).fill(undefined));
  });

  test.each(["__proto__", "constructor", "toString"])(
    "%s is a key and a scope like any other",
    async (name) => {
      const orders = await opened();
      const service = await calling(start, orders, "derive", { gate: { idempotency: { scope } } });
      for (const [key, account] of [
        [name, "one"],
        [name, "one"],
        ["k-1", name],
      ] as const) {
        expect((await post(service, key, account)).status).toBe(200);
      }
      const keys = keysOf(orders);
      expect(keys.slice(4, 7)).toEqual(keys.slice(0, 3));
      expect(new Set([...keys.slice(0, 3), ...keys.slice(8, 11)]).size).toBe(6);
    },
  );

  test.each(["derive", "forward"] as const)(
    "each call gets a random key that its attempts share without an inbound key, %s",
    async (rule) => {
      const orders = await opened({ faults: [{ fault: "reset", times: 1 }] });
      const service = await calling(start, orders, rule);
      expect((await post(service, null)).status).toBe(200);
      const [lost, again, ...others] = keysOf(orders).filter((key) => key !== undefined);
      expect(lost).toMatch(uuid);
      expect(again).toBe(lost);
      expect(others).toHaveLength(2);
      expect(new Set([lost, ...others]).size).toBe(3);
    },
  );

  test("each call gets a random key if it should derive one from a key without a scope", async () => {
    const orders = await opened();
    const service = await calling(start, orders, "derive");
    await post(service, "k-1");
    await post(service, "k-1");
    const keys = keysOf(orders).filter((key) => key !== undefined);
    expect(new Set(keys).size).toBe(6);
    expect(keys).not.toContain("k-1");
  });

  test.each(["k-1", '"k-1"', '"k \\"1\\"";a=1', "__proto__"])(
    "an inbound key is forwarded as it was sent to origins that ask for it: %s",
    async (key) => {
      const orders = await opened();
      const service = await calling(start, orders, "forward");
      expect((await post(service, key)).status).toBe(200);
      expect(keysOf(orders)).toEqual([key, key, key, undefined]);
      orders.clear();
      const others = await calling(start, orders, undefined);
      await post(others, key);
      expect(keysOf(orders)).toEqual(Array(4).fill(undefined));
    },
  );

  test("an inbound key is not forwarded if the route ignores it or the gate refuses it", async () => {
    const orders = await opened();
    const route = { idempotencyKey: "ignored" } as const;
    const ignoring = await calling(start, orders, "forward", { route });
    await post(ignoring, "k-1");
    expect(keysOf(orders)[0]).toMatch(uuid);
    orders.clear();
    const refusing = await calling(start, orders, "forward");
    for (const key of ["k 1", '"k-1', 'k-1", "k-2', "\u00e4", "k\t1"]) {
      expect((await post(refusing, key)).status).toBe(400);
    }
    expect(orders.received).toBe(0);
  });
});

test("an unknown rule for keys is named in the error", () => {
  const origins = { "http://orders:3000": { idempotencyKey: "copy" as "derive" } };
  expect(() => createUpstream({ origins })).toThrow(
    /origins\["http:\/\/orders:3000"\]\.idempotencyKey must be "derive" or "forward"/,
  );
});
