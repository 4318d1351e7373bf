import type { FaultRule } from "@reissue/testing";
import { expect, test } from "vitest";
import { opened, wired } from "./opened.ts";
import { get, post } from "./raw-client.ts";

const rules: readonly FaultRule[] = [
  { fault: "status", status: 503, probability: 0.2 },
  { fault: "status", status: 500, when: "after-processing", probability: 0.2 },
];

/** What 200 requests in a row meet: a letter each. */
async function met(seed: number, faults: readonly FaultRule[]): Promise<string> {
  const upstream = await opened({ seed, faults });
  const wire = await wired(upstream);
  wire.send(Array.from({ length: 200 }, (_, index) => post(`r${index}`)).join(""));
  await upstream.until(({ received }) => received === 200);
  return upstream.requests
    .map(({ fault, processed }) => (fault === null ? "." : processed ? "5" : "3"))
    .join("");
}

test("the same seed makes the same decisions in the order of requests, and another seed makes others", async () => {
  const first = await met(7, rules);
  expect(await met(7, rules)).toBe(first);
  expect(await met(8, rules)).not.toBe(first);
  const struck = first.replaceAll(".", "").length;
  expect(struck).toBeGreaterThan(200 * 0.36 * 0.6);
  expect(struck).toBeLessThan(200 * 0.36 * 1.5);
});

test("the decisions of one rule do not depend on other rules", async () => {
  const both = await met(7, rules);
  const alone = await met(7, rules.slice(0, 1));
  expect(both.replaceAll("5", ".")).toBe(alone);
});

test("a probability of 1 always applies, and a probability of 0 never does", async () => {
  expect(await met(1, [{ fault: "status", probability: 1 }])).toBe("3".repeat(200));
  expect(await met(1, [{ fault: "status", probability: 0 }])).toBe(".".repeat(200));
});

test("the first of several rules that applies counts, and times, methods and match narrow them", async () => {
  const upstream = await opened({
    faults: [
      { fault: "status", status: 501, times: 1 },
      { fault: "status", status: 502, methods: ["GET"] },
      {
        fault: "status",
        status: 504,
        match: ({ headers }) => headers.some(([name]) => name === "X-Fail"),
      },
    ],
  });
  const wire = await wired(upstream);
  const answers: string[] = [];
  for (const request of [post("1"), get("2"), post("3"), post("4").replace("Host", "X-Fail")]) {
    wire.text = "";
    wire.send(request);
    await wire.until((text) => /\r\n\r\n.+/.test(text));
    answers.push(wire.text.slice(9, 12));
  }
  expect(answers).toEqual(["501", "502", "200", "504"]);
});

test("the script alone decides while it lasts, and then the rules do", async () => {
  const upstream = await opened({ faults: [{ fault: "status", status: 500 }] });
  const wire = await wired(upstream);
  upstream.script([null, { fault: "status", status: 418 }, null]);
  wire.send([get("1"), get("2"), get("3"), get("4")].join(""));
  await wire.until((text) => (text.match(/HTTP\/1\.1/g) ?? []).length === 4);
  expect(wire.text.match(/HTTP\/1\.1 \d+/g)?.map((line) => line.slice(9))).toEqual([
    "200",
    "418",
    "200",
    "500",
  ]);
});

test("a match() that throws is visible as a 500, and ends nothing", async () => {
  const upstream = await opened({
    faults: [
      {
        fault: "reset",
        match: () => {
          throw new Error("broken test");
        },
      },
    ],
  });
  const wire = await wired(upstream);
  wire.send(get("1"));
  await wire.until((text) => text.includes("broken test"));
  expect(wire.text).toMatch(/^HTTP\/1\.1 500 /);
});

test("a duplicate cannot hide: a request that is processed, reset and sent again counts twice", async () => {
  const upstream = await opened({
    faults: [{ fault: "reset", when: "after-processing", times: 1 }],
  });
  const first = await wired(upstream);
  first.send(post("pay-1"));
  expect(await first.closed()).toBe("rst");
  const second = await wired(upstream);
  await second.served(post("pay-1"));
  await second.served(post("pay-2"));
  expect(upstream.duplicates()).toEqual(["pay-1"]);
  expect([...upstream.effects]).toEqual([
    ["pay-1", 2],
    ["pay-2", 1],
  ]);
});

test("a request that was not processed and is sent again counts once", async () => {
  const upstream = await opened({ faults: [{ fault: "reset", times: 1 }] });
  const first = await wired(upstream);
  first.send(post("pay-1"));
  expect(await first.closed()).toBe("rst");
  const second = await wired(upstream);
  await second.served(post("pay-1"));
  expect(upstream.duplicates()).toEqual([]);
  expect(upstream.effects.get("pay-1")).toBe(1);
});

test("effects outlive the bounded log, and requests without an id count too", async () => {
  const upstream = await opened({ maxRequests: 5 });
  const wire = await wired(upstream);
  const anonymous = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
  wire.send(get("first") + anonymous.repeat(300) + get("first"));
  await upstream.until(({ processed }) => processed === 302);
  expect(upstream.requests.map(({ number }) => number)).toEqual([298, 299, 300, 301, 302]);
  expect(upstream.duplicates()).toEqual(["first"]);
  expect(upstream.effects.size).toBe(301);
  upstream.clear();
  expect([upstream.effects.size, upstream.received, upstream.requests.length]).toEqual([0, 0, 0]);
});

test("a key is processed once if keys are honoured", async () => {
  const upstream = await opened({ honourKeys: true });
  const wire = await wired(upstream);
  const keyed = (id: string, key: string): string =>
    post(id).replace("Host", `Idempotency-Key: ${key}\r\nHost`);
  await wire.served(keyed("a", "k1"));
  await wire.served(keyed("a", "k1"));
  await wire.served(keyed("a", "k2"));
  expect(upstream.effects.get("a")).toBe(2);
  expect(upstream.requests.map(({ processed, deduplicated }) => [processed, deduplicated])).toEqual(
    [
      [true, false],
      [false, true],
      [true, false],
    ],
  );
});
