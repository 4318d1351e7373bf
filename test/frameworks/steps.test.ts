import { memoryStore } from "@reissue/core";
import { headerValue } from "@reissue/testing";
import { describe, expect, test } from "vitest";

import { opened } from "../testing/opened.ts";
import { ask } from "../support/request.ts";
import {
  frameworks,
  type Call,
  type Running,
  type Start,
} from "../support/frameworks/frameworks.ts";

/** A payments service that charges what a body names once for each key, and responds to the same key with the first receipt. */
async function payments(): Promise<{ readonly origin: string; readonly charged: string[] }> {
  const charged: string[] = [];
  const receipts = new Map<string | null, string>();
  const { origin } = await opened({
    respond({ headers, body }) {
      const key = headerValue(headers, "idempotency-key");
      if (!receipts.has(key)) {
        receipts.set(key, String(body));
        charged.push(String(body));
      }
      return { body: receipts.get(key)! };
    },
  });
  return { origin, charged };
}

function service(
  start: Start,
  origin: string,
  run: (call: Call) => unknown,
  store = memoryStore(),
): Promise<Running> {
  return start({
    gate: { idempotency: { store, scope: "shared" } },
    upstream: { origins: { [origin]: { idempotencyKey: "derive" } } },
    run,
  });
}

function order(running: Running, key: string | null = "o1"): ReturnType<typeof ask> {
  const headers: Record<string, string> = key === null ? {} : { "idempotency-key": key };
  return ask(running, { method: "POST", headers });
}

async function charge(
  { upstream }: Call,
  origin: string,
  item: string,
  step?: string,
): Promise<string> {
  const body = JSON.stringify({ item });
  const response = await upstream(`${origin}/charges`, { method: "POST", body, step });
  return response.text();
}

describe.each(frameworks)("%s", (_, start: Start) => {
  test.each([
    ["makes its calls in another order", ["a"], ["b", "a"]],
    ["skips what it has done", ["a"], ["b"]],
    ["does more than before", ["b"], ["a", "b", "c"]],
  ])("a retry that %s charges each item once", async (_name, first, second) => {
    const { origin, charged } = await payments();
    let runs = 0;
    const running = await service(start, origin, async (call) => {
      runs += 1;
      const items = runs === 1 ? first : second;
      const receipts = await Promise.all(
        items.map((item) => charge(call, origin, item, `charge:${item}`)),
      );
      if (runs === 1) throw new Error("the rest could not be done");
      expect(receipts).toEqual(items.map((item) => JSON.stringify({ item })));
      return "done";
    });
    expect((await order(running)).status).toBe(500);
    expect((await order(running)).status).toBe(200);
    const items = [...new Set([...first, ...second])].map((item) => JSON.stringify({ item }));
    expect(charged.toSorted()).toEqual(items.toSorted());
  });

  test("a retry in another process sends the same key", async () => {
    const { origin, charged } = await payments();
    const [store, runs] = [memoryStore(), { count: 0 }];
    const run = async (call: Call): Promise<string> => {
      await charge(call, origin, "a", "charge");
      runs.count += 1;
      if (runs.count === 1) throw new Error("lost after the charge");
      return "done";
    };
    const first = await service(start, origin, run, store);
    const second = await service(start, origin, run, store);
    expect([(await order(first)).status, (await order(second)).status]).toEqual([500, 200]);
    expect(charged).toHaveLength(1);
  });

  test.each(["o1", null])(
    "a call without a step is refused with the inbound key %j",
    async (key) => {
      const { origin, charged } = await payments();
      const running = await service(start, origin, (call) => charge(call, origin, "a"));
      expect((await order(running, key)).status).toBe(500);
      expect(running.errors).toMatchObject([{ code: "ERR_REISSUE_STEP_MISSING" }]);
      expect(charged).toEqual([]);
    },
  );

  test.each(["o1", null])(
    "a step that two calls share is refused with the inbound key %j",
    async (key) => {
      const { origin, charged } = await payments();
      const running = await service(start, origin, async (call) => {
        const sent = ["a", "b"].map((item) => charge(call, origin, item, "charge"));
        const outcomes = await Promise.allSettled(sent);
        return outcomes.map((each) => each.status).join();
      });
      expect((await order(running, key)).body).toBe("fulfilled,rejected");
      expect(charged).toHaveLength(1);
    },
  );

  test("a call that the handler repeats after its end has the same key", async () => {
    const { origin, charged } = await payments();
    const running = await service(start, origin, async (call) => {
      await charge(call, origin, "a", "charge");
      return charge(call, origin, "a", "charge");
    });
    for (const key of ["o1", null]) expect((await order(running, key)).status).toBe(200);
    // One of each request: without a key, too, the handler's own retry is one.
    expect(charged).toHaveLength(2);
  });
});
