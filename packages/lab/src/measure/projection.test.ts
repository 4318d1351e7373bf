import { describe, expect, test } from "vitest";

import { project } from "./projection.ts";
import { trafficSentence } from "./traffic-sentence.ts";
import { trafficAt, trafficBounds, trafficSteps } from "./traffic.ts";

describe("project", () => {
  test("multiplies the measured share, the exposure and the traffic", () => {
    const projection = project({ calls: 1_000, failed: 40 }, 10, 1e-4);
    expect(projection.share).toBeCloseTo(4e-6, 12);
    expect(projection.errorsPerDay).toBeCloseTo(3.456, 9);
    expect(projection.secondsBetween).toBeCloseTo(25_000, 6);
    expect(projection.quietHours).toBeCloseTo(Math.exp(-0.144), 9);
    expect(projection.isBound).toBe(false);
  });

  test("grows with the traffic, while the share stays", () => {
    const [small, large] = [10, 10_000].map((rate) =>
      project({ calls: 500, failed: 5 }, rate, 1e-4),
    );
    expect(large!.errorsPerDay).toBeCloseTo(1_000 * small!.errorsPerDay, 6);
    expect(large!.share).toBe(small!.share);
  });

  test("bounds what was never seen by the rule of three", () => {
    const projection = project({ calls: 3_000, failed: 0 }, 100, 1e-3);
    expect(projection.isBound).toBe(true);
    expect(projection.share).toBeCloseTo(1e-6, 12);
    expect(project({ calls: 1, failed: 0 }, 100, 1).share).toBe(1);
  });
});

describe("trafficAt", () => {
  test("is logarithmic, from one bound to the other", () => {
    expect(trafficAt(0)).toBe(trafficBounds.min);
    expect(trafficAt(trafficSteps / 3)).toBe(100);
    expect(trafficAt((2 * trafficSteps) / 3)).toBe(1_000);
    expect(trafficAt(trafficSteps)).toBe(trafficBounds.max);
  });

  test("grows at every step", () => {
    const all = Array.from({ length: trafficSteps + 1 }, (_, step) => trafficAt(step));
    for (const [index, rate] of all.entries()) expect(rate).toBeGreaterThan(all[index - 1] ?? 0);
  });
});

describe("trafficSentence", () => {
  const at = (rate: number, failed = 40): string =>
    trafficSentence(project({ calls: 1_000, failed }, rate, 1e-4), rate);

  test("says why ten requests an hour hide the race", () => {
    expect(at(10)).toBe(
      "At 10 requests a second fetch loses 3.5 requests a day, one every 6 h 56 min. " +
        "That is 0.0004 % of the requests, at any traffic: an alert at 0.1 % never fires. " +
        "87 % of all hours pass without one, and a reload helps: nobody notices.",
    );
  });

  test("says what happens at ten thousand requests", () => {
    expect(at(10_000)).toContain("loses 3,456 requests a day, one every 25 s.");
    expect(at(10_000)).toContain("That is 2.4 a minute: a spike of 5xx");
  });

  test("says what happens between the two", () => {
    expect(at(1_000)).toContain("a line in each day's log");
  });

  test("claims nothing that was not measured", () => {
    expect(at(10, 0)).toBe(
      "At 10 requests a second fetch would lose fewer than 0.26 a day: in this run it lost none.",
    );
  });

  test("says when an alert fires", () => {
    const many = trafficSentence(project({ calls: 10, failed: 10 }, 10, 1), 10);
    expect(many).toContain("an alert at 0.1 % fires");
  });
});
