// @ts-check
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

/** Share of the usual goodput from which a fleet counts as recovered, and for how many seconds on end. */
const recovered = { share: 0.99, seconds: 5 };

/** Seconds that a figure of amplification is averaged over. */
const windowSeconds = 5;

/**
 * Figures of one policy in one scenario.
 *
 * @typedef {object} Figures
 * @property {number} calls
 * @property {number} goodput - Calls with a response in time, as a share of all.
 * @property {number} goodputDisturbed - The same of those that began during the disturbance.
 * @property {number} failed
 * @property {number} late
 * @property {number} amplification - Requests that reached an instance, for each call.
 * @property {number} peakAmplification - In the worst five seconds.
 * @property {number} attempts - Attempts for each call, connects that failed included.
 * @property {number | null} recoveryS - From the end of the disturbance, in s; null: not in this time.
 * @property {number} duplicates - POSTs that were processed twice.
 * @property {number} repeats - Idempotent requests that were processed again.
 * @property {number} events - Of the simulation.
 * @property {{ goodput: number[], load: number[] }} series - For each second: share of good calls, and requests as a
 *   share of the capacity.
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
  const { metrics, capacity } = world;
  const { seconds, calls, failed, late, duplicates, repeats, attempts } = metrics;
  const [fromS, toS] = scenario.disturbedMs.map((ms) => ms / 1000);
  const requests = sum(seconds.map((second) => second.requests));
  return {
    calls,
    goodput: rounded(goodputOf(seconds)),
    goodputDisturbed: rounded(goodputOf(seconds.slice(fromS, toS))),
    failed,
    late,
    amplification: rounded(requests / calls),
    peakAmplification: rounded(peakAmplification(seconds)),
    attempts: rounded(attempts / calls),
    recoveryS: recoveryOf(seconds, fromS, toS),
    duplicates,
    repeats,
    events,
    series: {
      goodput: seconds.map((second) => rounded(goodputOf([second]))),
      load: seconds.map((second) => rounded(second.requests / capacity)),
    },
  };
}

/** @typedef {import("./metrics.js").Metrics["seconds"]} Seconds */

function goodputOf(/** @type {Seconds} */ seconds) {
  const calls = sum(seconds.map((second) => second.calls));
  return calls === 0 ? 1 : sum(seconds.map((second) => second.good)) / calls;
}

function peakAmplification(/** @type {Seconds} */ seconds) {
  let peak = 0;
  for (let first = 0; first + windowSeconds <= seconds.length; first += 1) {
    const window = seconds.slice(first, first + windowSeconds);
    const requests = sum(window.map((second) => second.requests));
    peak = Math.max(peak, requests / sum(window.map((second) => second.calls)));
  }
  return peak;
}

/**
 * @param {Seconds} seconds
 * @param {number} fromS
 * @param {number} toS
 */
function recoveryOf(seconds, fromS, toS) {
  const usual = goodputOf(seconds.slice(5, fromS));
  for (let at = toS; at + recovered.seconds <= seconds.length; at += 1) {
    const window = seconds.slice(at, at + recovered.seconds);
    if (window.every((second) => goodputOf([second]) >= recovered.share * usual)) return at - toS;
  }
  return null;
}

function sum(/** @type {readonly number[]} */ values) {
  return values.reduce((total, value) => total + value, 0);
}

/** Four decimals: a result file that is read by people and compared by tests. */
function rounded(/** @type {number} */ value) {
  return Math.round(value * 10_000) / 10_000;
}
