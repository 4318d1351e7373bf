import type { Point } from "../race/race-layout.ts";
import { raceLayout, titleHeight, type PlacedStep } from "../race/race-layout.ts";
import type { RaceSocket, RaceTimeline } from "../race/timeline.ts";
import { svgElement } from "./element.ts";

/** Draws a race. The numbers of its steps are those of the list beside it, which says the same in words. */
export function raceDrawing(race: RaceTimeline, width: number): SVGElement {
  const layout = raceLayout(race, width);
  const { height } = layout;
  const drawing = svgElement("svg", {
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
    "aria-labelledby": "race-caption",
    "aria-describedby": "race-steps",
  });
  for (const [index, { clientX, upstreamX }] of layout.sockets.entries()) {
    const socket = race.sockets[index];
    if (socket !== undefined) drawing.append(...title(socket, index, clientX));
    for (const [x, name, anchor] of [
      [clientX, "client", "start"],
      [upstreamX, "upstream", "end"],
    ] as const) {
      const at = anchor === "start" ? x - 8 : x + 8;
      drawing.append(
        svgElement(
          "text",
          { x: at, y: titleHeight - 18, "text-anchor": anchor, class: "quiet" },
          name,
        ),
        svgElement("line", {
          class: "lifeline",
          x1: x,
          x2: x,
          y1: titleHeight - 12,
          y2: height - 8,
        }),
      );
    }
  }
  for (const [index, placed] of layout.steps.entries()) drawing.append(drawStep(placed, index + 1));
  return drawing;
}

function title({ port, servedBefore, idleMs }: RaceSocket, index: number, x: number): SVGElement[] {
  const used = servedBefore === 1 ? "used once" : `used ${servedBefore} times`;
  const state =
    servedBefore === 0 ? "fresh" : idleMs === null ? used : `idle for ${idleMs.toFixed(1)} ms`;
  const lines = [`Socket ${index + 1}`, `port ${port}`, state];
  return lines.map((line, at) => {
    const style = at === 0 ? { "font-weight": 700 } : { class: "quiet" };
    return svgElement("text", { x: x - 8, y: 14 + at * 15, ...style }, line);
  });
}

function drawStep({ step, from, to }: PlacedStep, number: number): SVGElement {
  const lost = to !== null && step.toMs === null;
  const group = svgElement("g", { class: `${step.kind}${lost ? " lost" : ""}` });
  if (to !== null) group.append(...arrow(from, to, lost));
  const label = shortLabel(step.kind);
  if (to !== null && label !== null) {
    const share = 0.3;
    const x = from.x + (to.x - from.x) * share;
    const y = from.y + (to.y - from.y) * share - 5;
    group.append(svgElement("text", { x, y, "text-anchor": "middle" }, label));
  }
  group.append(
    svgElement("circle", { class: "badge", cx: from.x, cy: from.y, r: 9 }),
    svgElement("text", { class: "badge-text", x: from.x, y: from.y + 4 }, String(number)),
  );
  return group;
}

function shortLabel(kind: PlacedStep["step"]["kind"]): string | null {
  if (kind === "fin" || kind === "rst") return kind.toUpperCase();
  return kind === "request" || kind === "response" ? kind : null;
}

function arrow(from: Point, to: Point, lost: boolean): SVGElement[] {
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  const at = (along: number, across: number): string => {
    const x = to.x + along * Math.cos(angle) - across * Math.sin(angle);
    const y = to.y + along * Math.sin(angle) + across * Math.cos(angle);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  };
  const line = svgElement("path", { class: "arrow", d: `M${from.x} ${from.y}L${at(-6, 0)}` });
  // A cross where the bytes were lost.
  const head = lost
    ? svgElement("path", {
        class: "arrow",
        d: `M${at(-5, -5)}L${at(5, 5)}M${at(-5, 5)}L${at(5, -5)}`,
      })
    : svgElement("path", { class: "head", d: `M${at(0, 0)}L${at(-11, -5)}L${at(-11, 5)}Z` });
  return [line, head];
}
