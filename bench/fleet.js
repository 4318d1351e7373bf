// @ts-check
// A fleet of 10,000 clients and 100 instances, simulated: what each policy does to an upstream in trouble.
import { policies } from "./fleet/policies.js";
import { scenarios } from "./fleet/scenarios.js";
import { fleet, simulate } from "./fleet/simulate.js";
import { budgetVariants, waveVariants } from "./fleet/variants.js";
import { fleetSection, variantSection } from "./report/fleet-section.js";
import { quick } from "./run/quick.js";
import { writeResult } from "./run/result.js";

const seed = 1;
const settings = quick ? { ...fleet, clients: 300, instances: 3 } : fleet;

/** @type {import("./report/fleet-section.js").FleetResult} */
const result = {
  command: "npm --prefix bench run fleet",
  seed,
  settings,
  scenarios: scenarios.map(({ name, title, durationMs, disturbedMs }) => {
    return { name, title, durationMs, disturbedMs };
  }),
  figures: {},
  budgets: budgetVariants(settings.clients).map(ofVariant),
  waves: waveVariants.map(ofVariant),
};
for (const scenario of scenarios) {
  const byPolicy = (result.figures[scenario.name] = {});
  for (const [policy, policyOf] of Object.entries(policies)) {
    process.stderr.write(`${scenario.title}: ${policy}\n`);
    byPolicy[policy] = simulate(scenario, policyOf, { settings, seed });
  }
}

console.log(`\n${fleetSection(result)}`);
console.log(`\n${variantSection(result.budgets)}\n\n${variantSection(result.waves)}`);
if (!quick) writeResult("fleet", result);

/**
 * @param {import("./fleet/variants.js").Variant} variant
 * @returns {import("./report/fleet-section.js").VariantFigures}
 */
function ofVariant({ name, scenario: of, settings: own, policyOf }) {
  process.stderr.write(`${of}: ${name}\n`);
  const [scenario] = scenarios.filter(({ name }) => name === of);
  const options = { settings: { ...settings, ...own }, seed };
  const { series: _series, ...figures } = simulate(scenario, policyOf, options);
  return { name, scenario: of, figures };
}
