// @ts-check
import { style } from "./style.js";

/**
 * How many requests a second each client makes beside the first of its race, with the quartiles over all rounds.
 *
 * @param {import("../run/result.js").Result} result
 * @returns {import("vega-lite").TopLevelSpec}
 */
export function ratios({ findings }) {
  const prefix = "requests a second, ";
  const values = findings
    .filter(({ measure }) => measure.startsWith(prefix))
    .map(({ measure, contender, beside, spread }) => ({
      exchange: measure.slice(prefix.length),
      contender: `${contender} ÷ ${beside}`,
      ours: contender.startsWith("upstream"),
      ...spread,
    }));
  const y = {
    field: "contender",
    type: /** @type {const} */ ("nominal"),
    title: null,
    sort: null,
    axis: { labelLimit: 400 },
  };
  return {
    ...style,
    title: "Requests a second, as a ratio: more than 1 is faster",
    data: { values },
    facet: { column: { field: "exchange", type: "nominal", title: null } },
    spec: {
      width: 200,
      height: { step: 22 },
      layer: [
        {
          mark: { type: "rule", color: "#999999", strokeDash: [3, 3] },
          encoding: { x: { datum: 1 } },
        },
        {
          mark: { type: "rule", strokeWidth: 2 },
          encoding: {
            x: { field: "lowerQuartile", type: "quantitative", title: null },
            x2: { field: "upperQuartile" },
            y,
            color: {
              condition: { test: "datum.ours", value: "#007a5a" },
              value: "#7f7f7f",
            },
          },
        },
        {
          mark: { type: "point", filled: true, size: 60 },
          encoding: {
            x: { field: "median", type: "quantitative" },
            y,
            color: {
              condition: { test: "datum.ours", value: "#007a5a" },
              value: "#7f7f7f",
            },
          },
        },
      ],
    },
  };
}
