import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fullJitter } from "./back-off.ts";
import { RetryBudget } from "./budget.ts";
import { defaultPolicy } from "./retry-options.ts";

const { budget: options, backOff, maxAttempts } = defaultPolicy;

/** Takes tokens until none is left; how many there were. */
function drain(budget: RetryBudget, nowMs: number): number {
  let taken = 0;
  for (; budget.has(nowMs); taken += 1) budget.withdraw(nowMs);
  return taken;
}

function deposit(budget: RetryBudget, requests: number, nowMs: number): void {
  for (let count = 0; count < requests; count += 1) budget.deposit(nowMs);
}

describe("the tokens of a budget", () => {
  test("last for two seconds of a quiet client at any time", () => {
    for (const nowMs of [0, 199, 1e6, 1.7e12 + 0.5]) {
      expect(drain(new RetryBudget(options), nowMs)).toBe(20);
    }
  });

  test("grow with requests", () => {
    const budget = new RetryBudget(options);
    deposit(budget, 100, 5000);
    expect(drain(budget, 5000)).toBe(40);
    deposit(budget, 4, 5001);
    expect(budget.has(5001)).toBe(false);
    deposit(budget, 1, 5001);
    expect(drain(budget, 5001)).toBe(1);
  });

  test("depend only on requests without a minimum, and only on the minimum without a ratio", () => {
    const onlyRatio = new RetryBudget({ ratio: 0.5, minPerSecond: 0 });
    expect(onlyRatio.has(0)).toBe(false);
    deposit(onlyRatio, 3, 0);
    expect(drain(onlyRatio, 0)).toBe(1);
    const onlyMinimum = new RetryBudget({ ratio: 0, minPerSecond: 2.5 });
    deposit(onlyMinimum, 1000, 0);
    expect(drain(onlyMinimum, 0)).toBe(5);
    expect(new RetryBudget({ ratio: 0, minPerSecond: 0 }).has(0)).toBe(false);
  });

  test("do not depend on a healthy past after 2 to 2.2 seconds, and not on resends before that", () => {
    const budget = new RetryBudget(options);
    deposit(budget, 1000, 0);
    expect(drain(budget, 1999)).toBe(220);
    expect(budget.has(2199)).toBe(false);
    // The requests are gone first; the resends that they paid for still count.
    expect(budget.has(2200)).toBe(false);
    expect(drain(budget, 1999 + 2200)).toBe(20);
  });

  test("are those of a new budget after any long pause", () => {
    for (const pauseMs of [2200, 4400, 1e5, 1e12]) {
      const budget = new RetryBudget(options);
      deposit(budget, 50, 100);
      drain(budget, 100);
      expect(drain(budget, 100 + pauseMs)).toBe(20);
    }
  });

  test("do not change if time stands still or goes back a little", () => {
    const budget = new RetryBudget(options);
    deposit(budget, 50, 1000);
    expect(budget.has(500)).toBe(true);
    expect(drain(budget, 500)).toBe(30);
    deposit(budget, 5, 1000);
    expect(drain(budget, 1000)).toBe(1);
  });
});

test("the last two seconds held few enough tokens whenever one is taken", () => {
  const steps = fc.array(
    fc.record({
      waitMs: fc.oneof(fc.nat(30), fc.nat(300), fc.nat(5000)),
      requests: fc.nat(40),
      resends: fc.nat(40),
    }),
    { maxLength: 100 },
  );
  const budgets = fc.record({ ratio: fc.constantFrom(0, 0.1, 0.2, 1), minPerSecond: fc.nat(12) });
  fc.assert(
    fc.property(budgets, fc.nat(1e13), steps, (limits, startMs, plan) => {
      const budget = new RetryBudget(limits);
      const requestsMs: number[] = [];
      const resendsMs: number[] = [];
      const since = (instants: number[], sinceMs: number): number =>
        instants.filter((each) => each > sinceMs).length;
      let nowMs = startMs;
      for (const { waitMs, requests, resends } of plan) {
        nowMs += waitMs;
        for (let count = 0; count < requests; count += 1) requestsMs.push(nowMs);
        deposit(budget, requests, nowMs);
        for (let count = 0; count < resends; count += 1) {
          const cap = limits.ratio * since(requestsMs, nowMs - 2200) + 2 * limits.minPerSecond;
          if (budget.has(nowMs)) {
            budget.withdraw(nowMs);
            resendsMs.push(nowMs);
            if (since(resendsMs, nowMs - 2000) > cap) expect.fail("more resends than that");
          } else {
            // Nor is one held back that the shortest reading of the rule would give.
            const sure = limits.ratio * since(requestsMs, nowMs - 2000) + 2 * limits.minPerSecond;
            if (since(resendsMs, nowMs - 2200) + 1 <= sure) expect.fail("a token was held back");
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});

/** Ten seconds in which every attempt fails and every resend waits its back-off, and what was sent in all. */
function outage(perSecond: number, startMs: number): { sends: number; budget: RetryBudget } {
  const budget = new RetryBudget(options);
  const requests = Array.from({ length: perSecond * 10 }, (_, index) => ({
    atMs: startMs + (index * 1000) / perSecond,
    attempt: 1,
  }));
  let seed = 42;
  const random = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  let sends = 0;
  // Sends by the millisecond; a resend waits a millisecond at least.
  const agenda = new Map<number, number[]>();
  const plan = (atMs: number, attempt: number): void => {
    const slot = Math.floor(atMs);
    agenda.set(slot, [...(agenda.get(slot) ?? []), attempt]);
  };
  for (const { atMs, attempt } of requests) plan(atMs, attempt);
  for (let nowMs = Math.floor(startMs); nowMs < startMs + 11_000; nowMs += 1) {
    for (const attempt of agenda.get(nowMs) ?? []) {
      sends += 1;
      if (attempt === 1) budget.deposit(nowMs);
      if (attempt === maxAttempts || !budget.has(nowMs)) continue;
      budget.withdraw(nowMs);
      plan(nowMs + 1 + fullJitter(attempt - 1, backOff, random()), attempt + 1);
    }
  }
  return { sends, budget };
}

describe.each([200, 500, 2000])("ten seconds of failures at %i requests a second", (perSecond) => {
  // In the middle of a slice, at its edge, and far from zero.
  test.each([0, 77, 199.5, 1e12 + 123])(
    "add at most a quarter to the load, from %d ms on",
    (startMs) => {
      const { sends, budget } = outage(perSecond, startMs);
      const requests = perSecond * 10;
      expect(sends / requests).toBeLessThanOrEqual(1.25);
      expect(sends / requests).toBeGreaterThan(1.19);
      expect(sends).toBeLessThanOrEqual(requests * 1.2 + 100);

      // Once the upstream answers, five requests pay for one resend, and 2.2 seconds for all.
      const endMs = startMs + 11_000;
      drain(budget, endMs);
      deposit(budget, 5, endMs);
      expect(drain(budget, endMs)).toBe(1);
      deposit(budget, 100, endMs + 2200);
      expect(drain(budget, endMs + 2200)).toBe(40);
    },
  );
});
