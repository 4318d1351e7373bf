// @ts-check
import { rounded, summary } from "./summary.js";
import { World } from "./world.js";

/** The fleet of the figures: 100 instances that can do 80 requests a second each, at seven tenths of that. */
export const fleet = {
  clients: 10_000,
  instances: 100,
  load: 0.7,
  oneWayMs: 1,
  timeoutMs: 1000,
  usefulMs: 5000,
  noticeMs: 1000,
  instance: {
    workers: 4,
    serviceMs: 50,
    maxQueue: 400,
    idleMs: 3000,
    coldMs: 5000,
    coldFactor: 2,
    graceMs: 100,
  },
};

/**
 * Figures of one policy in one scenario.
 *
 * @typedef {import("./summary.js").Summary & Counts} Figures
 */

/**
 * @typedef {object} Counts
 * @property {number} failed
 * @property {number} late
 * @property {number} attempts - Attempts for each call, connects that failed included.
 * @property {number} duplicates - POSTs that were processed twice.
 * @property {number} repeats - Idempotent requests that were processed again.
 * @property {number} events - Of the simulation.
 */

/**
 * Simulates one policy in one scenario: the same seed gives the same figures.
 *
 * @param {import("./scenarios.js").Scenario} scenario
 * @param {(client: import("./client.js").Client) => import("./client.js").Policy} policyOf
 * @param {{ settings?: import("./world.js").FleetSettings, seed?: number }} [options]
 * @returns {Figures}
 */
export function simulate(scenario, policyOf, { settings = fleet, seed = 1 } = {}) {
  const world = new World(settings, scenario.durationMs, policyOf, seed);
  scenario.plan(world);
  const events = world.run();
  const { calls, seconds, failed, late, duplicates, repeats, attempts } = world.metrics;
  const { series, ...figures } = summary(seconds, scenario.disturbedMs, world.capacity);
  return {
    ...figures,
    failed,
    late,
    attempts: rounded(attempts / calls),
    duplicates,
    repeats,
    events,
    series,
  };
}
