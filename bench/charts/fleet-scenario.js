// @ts-check
import { policyColor, style } from "./style.js";

/**
 * One scenario of the fleet over time: goodput above, the load that the instances get below.
 *
 * @param {string} name
 * @param {import("../report/fleet-section.js").FleetResult} result
 * @returns {import("vega-lite").TopLevelSpec}
 */
export function fleetScenario(name, { scenarios, figures }) {
  const [{ title, disturbedMs, durationMs }] = scenarios.filter(
    (scenario) => scenario.name === name,
  );
  const values = Object.entries(figures[name]).flatMap(([policy, { series }]) =>
    series.goodput.map((goodput, second) => ({
      policy,
      second,
      goodput,
      load: series.load[second],
    })),
  );
  const [from, to] = disturbedMs.map((ms) => ms / 1000);
  const panel = (/** @type {"goodput" | "load"} */ field, /** @type {string} */ label) => ({
    width: 620,
    height: 150,
    layer: [
      {
        data: { values: [{ from, to }] },
        mark: { type: /** @type {const} */ ("rect"), color: "#f3ecd6" },
        encoding: {
          x: { field: "from", type: /** @type {const} */ ("quantitative") },
          x2: { field: "to" },
        },
      },
      {
        data: { values },
        mark: { type: /** @type {const} */ ("line"), strokeWidth: 2 },
        encoding: {
          // A line that Reissue's often covers is wide enough to be seen below it.
          strokeWidth: {
            condition: { test: "datum.policy === 'no retries'", value: 6 },
            value: 2,
          },
          x: {
            field: "second",
            type: /** @type {const} */ ("quantitative"),
            title: field === "load" ? "seconds" : null,
            scale: { domain: [0, durationMs / 1000], nice: false },
          },
          y: {
            field,
            type: /** @type {const} */ ("quantitative"),
            title: label,
            axis: { format: "%", tickCount: 5 },
            scale: field === "goodput" ? { domain: [0, 1] } : { zero: true },
          },
          color: policyColor,
        },
      },
    ],
  });
  return {
    ...style,
    title,
    vconcat: [panel("goodput", "responses in time"), panel("load", "load, of the capacity")],
  };
}
