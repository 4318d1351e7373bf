import type { ContenderId } from "../contender/contenders.ts";
import { svgElement } from "./element.ts";

/** How a contender's line is drawn, so that it can be told apart without its colour. */
export interface LineStyle {
  /** Lengths of dashes and gaps, in px; empty for a solid line. */
  readonly dash: readonly number[];
  readonly width: number;
}

/** Styles of the lines; their colours are in lab.css, under the same names. */
export const lineStyles: Readonly<Record<ContenderId, LineStyle>> = {
  fetch: { dash: [2, 4], width: 2.5 },
  "axios-retry": { dash: [10, 4], width: 2 },
  "retry-agent": { dash: [9, 3, 2, 3], width: 2 },
  reissue: { dash: [], width: 3 },
};

/** Reads a colour of lab.css in the theme that is shown. */
export function themeColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Draws a short piece of a contender's line, for tables and legends. */
export function swatch(id: ContenderId): SVGElement {
  const { dash, width } = lineStyles[id];
  const stroke = {
    stroke: "currentColor",
    "stroke-width": width,
    "stroke-dasharray": dash.join(" "),
  };
  const line = svgElement("path", { d: "M0 5H40", ...stroke });
  return svgElement(
    "svg",
    { class: `swatch of-${id}`, viewBox: "0 0 40 10", "aria-hidden": "true" },
    line,
  );
}
