// @ts-check

/**
 * What all charts have in common: a white ground of their own, since a page may be dark, and colours that people tell
 * apart who see fewer of them (Okabe and Ito).
 */
export const style = {
  background: "white",
  padding: 12,
  config: {
    font: "system-ui, sans-serif",
    view: { stroke: "transparent" },
    axis: {
      gridColor: "#e4e4e4",
      domainColor: "#999999",
      tickColor: "#999999",
      labelColor: "#333333",
    },
    title: { anchor: /** @type {const} */ ("start"), fontSize: 14 },
    legend: { symbolStrokeWidth: 3 },
  },
};

/** The policies of the fleet, in the order of every table. */
export const policies = ["no retries", "three naive retries", "RetryAgent", "Reissue"];

/** Gives each policy its colour. */
export const policyColor = {
  field: "policy",
  type: /** @type {const} */ ("nominal"),
  title: null,
  scale: { domain: policies, range: ["#bdbdbd", "#d55e00", "#56b4e9", "#007a5a"] },
  legend: { orient: /** @type {const} */ ("bottom") },
};
