// @ts-check
import { RetryHandler } from "undici";
import { describe, expect, test } from "vitest";

import { policies } from "../../../bench/fleet/policies.js";
import { defaults } from "../../../bench/fleet/policy/retry-agent.js";
import { scenarios } from "../../../bench/fleet/scenarios.js";
import { fleet, simulate } from "../../../bench/fleet/simulate.js";

/** A twentieth of the fleet of docs/at-scale.md, with the same load on each instance. */
const settings = { ...fleet, clients: 500, instances: 5 };

/**
 * @param {string} scenarioName
 * @param {string} policyName
 */
function figuresOf(scenarioName, policyName, seed = 1) {
  const [scenario] = scenarios.filter(({ name }) => name === scenarioName);
  return simulate(scenario, policies[policyName], { settings, seed });
}

describe("the simulated fleet", () => {
  test("gives the same bytes for the same seed, and others for another", () => {
    const [once, again, other] = [1, 1, 2].map((seed) =>
      JSON.stringify(figuresOf("outage", "Reissue", seed)),
    );
    expect(again).toBe(once);
    expect(other).not.toBe(once);
  });

  test.each(["outage", "overload"])("never recovers from %s under three naive retries", (name) => {
    const { recoveryS, series } = figuresOf(name, "three naive retries");
    expect(recoveryS).toBeNull();
    expect(Math.max(...series.goodput.slice(-20))).toBeLessThan(0.2);
    expect(Math.min(...series.load.slice(-20))).toBeGreaterThan(1.5);
  });

  test.each(["rolling-restart", "outage", "slow-third", "overload"])(
    "recovers from %s under Reissue, with little more load and no POST processed twice",
    (name) => {
      const figures = figuresOf(name, "Reissue");
      expect(figures.recoveryS).toBeLessThanOrEqual(15);
      expect(Math.min(...figures.series.goodput.slice(-20))).toBeGreaterThan(0.98);
      expect(figures.amplification).toBeLessThan(1.1);
      expect(figures.duplicates).toBe(0);
    },
  );

  test("loses requests to idle connections without retries, and none under Reissue", () => {
    expect(figuresOf("nothing", "no retries").failed).toBeGreaterThan(0);
    expect(figuresOf("nothing", "Reissue").failed).toBe(0);
  });

  test("gives RetryAgent the defaults of undici's own RetryHandler", () => {
    const handler = new RetryHandler(
      { origin: "http://upstream", path: "/", method: "GET" },
      { dispatch: () => true, handler: {} },
    );
    expect(handler).toMatchObject({ retryOpts: defaults });
  });
});
