import type { RaceStep, RaceTimeline } from "./timeline.ts";

/** Point of the drawing, in px. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Step as it is drawn. */
export interface PlacedStep {
  readonly step: RaceStep;
  readonly from: Point;
  /** Where its arrow ends; null for a step that is a point. */
  readonly to: Point | null;
}

/** Lines of a connection's two ends. */
export interface PlacedSocket {
  readonly clientX: number;
  readonly upstreamX: number;
}

/** Places of everything in the drawing of a race. */
export interface RaceLayout {
  readonly height: number;
  readonly sockets: readonly PlacedSocket[];
  readonly steps: readonly PlacedStep[];
}

/** Height of the titles above the lines, in px. */
export const titleHeight = 78;

/** Shortest and longest distance between two moments, in px. */
const [leastGap, mostGap] = [16, 44];

/**
 * Places a race's steps: time runs down, each connection has its two ends side by side.
 *
 * Distances grow with the logarithm of the time between two moments, since a race has microseconds and back-offs in it;
 * what happened earlier is always higher, so that arrows cross if and only if the bytes did.
 *
 * @param width - Of the drawing, in px.
 */
export function raceLayout({ sockets, steps }: RaceTimeline, width: number): RaceLayout {
  const panel = width / Math.max(sockets.length, 1);
  const margin = Math.min(26, panel * 0.16);
  const placed = sockets.map((_, index) => ({
    clientX: index * panel + margin,
    upstreamX: (index + 1) * panel - margin,
  }));
  const moments = steps.flatMap(({ fromMs, toMs }) => (toMs === null ? [fromMs] : [fromMs, toMs]));
  const heights = heightsOf(moments);
  let socket = 0;
  const placedSteps = steps.map((step): PlacedStep => {
    // A step of the call itself stands on the connection of the step before it.
    socket = step.socket ?? socket;
    const { clientX, upstreamX } = placed[socket] ?? { clientX: margin, upstreamX: width - margin };
    const [x, otherX] = step.from === "client" ? [clientX, upstreamX] : [upstreamX, clientX];
    const from = { x, y: heights.get(step.fromMs) ?? 0 };
    const isPoint = step.socket === null || step.kind === "connect";
    if (isPoint) return { step, from, to: null };
    // An arrow that never arrived ends on its way.
    const to =
      step.toMs === null
        ? { x: x + (otherX - x) * 0.6, y: from.y + leastGap * 0.6 }
        : { x: otherX, y: heights.get(step.toMs) ?? 0 };
    return { step, from, to };
  });
  return {
    height: Math.max(titleHeight, ...heights.values()) + 30,
    sockets: placed,
    steps: placedSteps,
  };
}

/** Height of each moment. */
function heightsOf(moments: readonly number[]): Map<number, number> {
  const sorted = [...new Set(moments)].toSorted((one, other) => one - other);
  const heights = new Map<number, number>();
  let [y, before] = [titleHeight, sorted[0] ?? 0];
  for (const moment of sorted) {
    const sinceMs = moment - before;
    if (sinceMs > 0) y += Math.min(leastGap + 9 * Math.log10(1 + sinceMs / 0.05), mostGap);
    heights.set(moment, y);
    before = moment;
  }
  return heights;
}
