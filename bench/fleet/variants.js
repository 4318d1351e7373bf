// @ts-check
import { defaultConditions } from "@reissue/core";

import { NoRetry } from "./policy/no-retry.js";
import { Reissue } from "./policy/reissue.js";

/**
 * A question about one option: what a scenario is like with another value of it.
 *
 * @typedef {object} Variant
 * @property {string} name
 * @property {string} scenario
 * @property {Partial<import("./world.js").FleetSettings>} settings
 * @property {(client: import("./client.js").Client) => import("./client.js").Policy} policyOf
 */

/** Timeouts are not resent by default; in these they are. */
const retryOn = [...defaultConditions, /** @type {const} */ ("timeout")];
const budgets = [10, 0.1];

/**
 * What the budget does where timeouts are resent: many clients that call seldom, and few that call often.
 *
 * @param {number} clients
 * @returns {Variant[]}
 */
export function budgetVariants(clients) {
  return [clients, clients / 100].flatMap((clients) =>
    budgets.map((minPerSecond) => ({
      name: `${clients.toLocaleString("en")} clients, 20 % and ${minPerSecond} a second`,
      scenario: "overload",
      settings: { clients },
      policyOf: (client) => new Reissue(client, { retryOn, budget: { minPerSecond } }),
    })),
  );
}

/**
 * What comes back at once after a short outage, and how long the clients wait for it.
 *
 * @type {readonly Variant[]}
 */
export const waveVariants = [
  ...[1000, 5000].flatMap((timeoutMs) => [
    {
      name: `no retries, timeout of ${timeoutMs / 1000} s`,
      scenario: "blip",
      settings: { timeoutMs },
      policyOf: (/** @type {import("./client.js").Client} */ client) => new NoRetry(client),
    },
    {
      name: `Reissue, timeout of ${timeoutMs / 1000} s`,
      scenario: "blip",
      settings: { timeoutMs },
      policyOf: (/** @type {import("./client.js").Client} */ client) => new Reissue(client),
    },
  ]),
  {
    name: "Reissue, timeout of 1 s, unsentWindowMs of 500",
    scenario: "blip",
    settings: { timeoutMs: 1000 },
    policyOf: (client) => new Reissue(client, { unsentWindowMs: 500 }),
  },
];
