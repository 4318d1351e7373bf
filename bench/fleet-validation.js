// @ts-check
// The simulated fleet beside a real one of 50 processes on loopback, through the same restarts and outage.
import { policies } from "./fleet/policies.js";
import { RealFleet } from "./fleet/real/real-fleet.js";
import { fleet, simulate } from "./fleet/simulate.js";
import { summary } from "./fleet/summary.js";
import { quick } from "./run/quick.js";
import { machine, writeResult } from "./run/result.js";
import { table } from "./run/table.js";

const seed = 1;
/** A fleet that two processors carry; what differs from the large one are its counts, and what they imply. */
const settings = {
  ...fleet,
  clients: quick ? 4 : 40,
  instances: quick ? 2 : 10,
  oneWayMs: 0.3,
  usefulMs: 2000,
  noticeMs: 200,
  instance: { ...fleet.instance, workers: 2, maxQueue: 100, coldMs: 2000, coldFactor: 3 },
};

/** @type {import("./fleet/scenarios.js").Scenario} */
const scenario = {
  name: "restarts-and-outage",
  title: "A rolling restart, then an outage of 3 s",
  durationMs: 11_000,
  disturbedMs: [1000, 6000],
  plan({ queue, instances, balancer }) {
    for (const [index, instance] of instances.entries()) {
      queue.after(1000 + (index * 1500) / instances.length, () => {
        instance.stop();
        balancer.onStopped();
        queue.after(500, () => {
          instance.start();
          balancer.onStarted();
        });
      });
    }
    queue.after(3000, () => {
      for (const instance of instances) instance.crash();
      balancer.onStopped();
    });
    queue.after(6000, () => {
      for (const instance of instances) instance.start();
      balancer.onStarted();
    });
  },
};

/** The policies, those last that go on sending for longest when the calls have ended. */
const order = ["no retries", "Reissue", "three naive retries", "RetryAgent"];

/** @typedef {import("./fleet/summary.js").Summary & { duplicates: number }} Compared */

/** @type {Record<string, { simulated: Compared, real: Compared }>} */
const figures = {};
const real = new RealFleet(settings);
await real.open();
try {
  for (const policy of order) {
    process.stderr.write(`${policy}\n`);
    const { seconds, duplicates } = await real.run(scenario, policy);
    const simulated = simulate(scenario, policies[policy], { settings, seed });
    const { failed: _f, late: _l, attempts: _a, repeats: _r, events: _e, ...compared } = simulated;
    figures[policy] = {
      simulated: compared,
      real: { ...summary(seconds, scenario.disturbedMs, real.capacity), duplicates },
    };
  }
} finally {
  await real.close();
}

const header = ["policy", "", "calls", "goodput", "disturbed", "amplification", "duplicates"];
const rows = Object.entries(figures).flatMap(([policy, both]) =>
  Object.entries(both).map(([which, figures]) => {
    const { calls, goodput, goodputDisturbed, amplification, duplicates } = figures;
    const cells = [policy, which, calls, goodput, goodputDisturbed, amplification, duplicates];
    return cells.map(String);
  }),
);
console.log(`\n${table(header, rows)}`);
for (const [policy, both] of Object.entries(figures)) {
  for (const [which, { series }] of Object.entries(both)) {
    console.log(`${policy}, ${which}: ${series.goodput.join(" ")}; load ${series.load.join(" ")}`);
  }
}
if (!quick) {
  const { name, title, durationMs, disturbedMs } = scenario;
  writeResult("fleet-validation", {
    command: "npm --prefix bench run fleet-validation",
    ...machine(),
    seed,
    settings,
    scenario: { name, title, durationMs, disturbedMs },
    figures,
  });
}
