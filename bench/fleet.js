// @ts-check
// A fleet of 10,000 clients and 100 instances, simulated: what each policy does to an upstream in trouble.
import { defaultConditions } from "@reissue/core";

import { policies } from "./fleet/policies.js";
import { Reissue } from "./fleet/policy/reissue.js";
import { scenarios } from "./fleet/scenarios.js";
import { fleet, simulate } from "./fleet/simulate.js";
import { quick } from "./run/quick.js";
import { writeResult } from "./run/result.js";
import { table } from "./run/table.js";

const seed = 1;
const settings = quick ? { ...fleet, clients: 300, instances: 3 } : fleet;

/** @type {Record<string, Record<string, import("./fleet/simulate.js").Figures>>} */
const figures = {};
for (const scenario of scenarios) {
  figures[scenario.name] = {};
  for (const [policy, policyOf] of Object.entries(policies)) {
    figures[scenario.name][policy] = simulate(scenario, policyOf, { settings, seed });
    print(scenario.title, policy, figures[scenario.name][policy]);
  }
}

/** Timeouts are not resent by default; here they are, by many clients that call seldom and by few that call often. */
const retryOn = [...defaultConditions, /** @type {const} */ ("timeout")];
const overload = scenarios.filter(({ name }) => name === "overload")[0];
/** @type {Omit<BudgetRow, "figures">[]} */
const rows = [
  { clients: settings.clients, budget: "20 % and 10 a second", options: { retryOn } },
  {
    clients: settings.clients,
    budget: "20 % and 0.1 a second",
    options: { retryOn, budget: { minPerSecond: 0.1 } },
  },
  { clients: settings.clients / 100, budget: "20 % and 10 a second", options: { retryOn } },
  {
    clients: settings.clients / 100,
    budget: "20 % and 0.1 a second",
    options: { retryOn, budget: { minPerSecond: 0.1 } },
  },
];

/**
 * @typedef {object} BudgetRow
 * @property {number} clients
 * @property {string} budget
 * @property {import("@reissue/core").RetryOptions} options
 * @property {Omit<import("./fleet/simulate.js").Figures, "series">} figures
 */

/** @type {BudgetRow[]} */
const budgets = rows.map((row) => {
  const { series: _, ...figures } = simulate(
    overload,
    (client) => new Reissue(client, row.options),
    {
      settings: { ...settings, clients: row.clients },
      seed,
    },
  );
  print(`${row.clients} clients, timeouts listed`, row.budget, figures);
  return { ...row, figures };
});

const header = ["scenario", "policy", "goodput", "amplification", "recovery, s", "duplicates"];
console.log(
  `\n${table(
    header,
    Object.entries(figures).flatMap(([scenario, byPolicy]) =>
      Object.entries(byPolicy).map(([policy, { goodput, amplification, recoveryS, duplicates }]) =>
        [scenario, policy, goodput, amplification, recoveryS ?? "never", duplicates].map(String),
      ),
    ),
  )}`,
);
if (!quick) {
  writeResult("fleet", {
    command: "npm --prefix bench run fleet",
    seed,
    settings,
    scenarios: scenarios.map(({ name, title, durationMs, disturbedMs }) => {
      return { name, title, durationMs, disturbedMs };
    }),
    figures,
    budgets,
  });
}

/**
 * @param {string} what
 * @param {string} policy
 * @param {Omit<import("./fleet/simulate.js").Figures, "series">} figures
 */
function print(what, policy, { goodput, amplification, events }) {
  process.stderr.write(
    `${what}, ${policy}: goodput ${goodput}, amplification ${amplification}, ${events} events\n`,
  );
}
