// @ts-check
import { policies, policyColor, style } from "./style.js";

/**
 * All scenarios of the fleet at once: the calls that failed, and the POSTs that were processed twice.
 *
 * @param {import("../report/fleet-section.js").FleetResult} result
 * @returns {import("vega-lite").TopLevelSpec}
 */
export function fleetFailures({ scenarios, figures }) {
  const values = scenarios
    .filter(({ name }) => name !== "nothing")
    .flatMap(({ name, title }) =>
      Object.entries(figures[name]).map(([policy, { goodput, duplicates }]) => {
        return { scenario: title, policy, failed: 1 - goodput, duplicates };
      }),
    );
  const order = scenarios.map(({ title }) => title);
  const y = {
    field: "scenario",
    type: /** @type {const} */ ("nominal"),
    sort: order,
    title: null,
    axis: { labelLimit: 400 },
  };
  const panel = (
    /** @type {"failed" | "duplicates"} */ field,
    /** @type {string} */ title,
    /** @type {string} */ format,
  ) => ({
    title,
    width: 250,
    height: { step: 11 },
    mark: /** @type {const} */ ("bar"),
    encoding: {
      x: {
        field,
        type: /** @type {const} */ ("quantitative"),
        title: null,
        axis: { format, tickCount: 4 },
      },
      y: field === "failed" ? y : { ...y, axis: { labels: false, ticks: false } },
      yOffset: {
        field: "policy",
        type: /** @type {const} */ ("nominal"),
        scale: { domain: policies },
      },
      color: policyColor,
    },
  });
  return {
    ...style,
    data: { values },
    hconcat: [
      panel("failed", "calls without a response in time", "%"),
      panel("duplicates", "POSTs processed twice", ",d"),
    ],
  };
}
