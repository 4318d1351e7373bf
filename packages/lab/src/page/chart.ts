import uPlot from "uplot";
import { contenders } from "../contender/contenders.ts";
import { lineStyles, themeColor } from "./line-style.ts";

/** Width of the names at the right end of the lines, in px. */
const namesWidth = 90;

/** Distance between two names, in px. */
const namesApart = 15;

const powersOfTen = (): number[] => [1, 10, 100, 1_000, 10_000];

const font = "12px system-ui, sans-serif";

/** One chart, and what it shows. */
export interface ChartOptions {
  readonly isLogarithmic: boolean;
  /** Highest value of the axis while all values are below it. */
  readonly leastMax: number;
}

/** A chart of one line for each contender. */
export class Chart {
  readonly #plot: uPlot;

  constructor(
    parent: HTMLElement,
    data: uPlot.AlignedData,
    { isLogarithmic, leastMax }: ChartOptions,
  ) {
    const axis = {
      font,
      stroke: themeColor("quiet"),
      grid: { stroke: themeColor("rule"), width: 1 },
      ticks: { show: false },
    };
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum exists in types alone
    const yScale: uPlot.Scale = isLogarithmic
      ? {
          distr: 3, // logarithmic
          range: (_, _min, max) => [1, 10 ** Math.ceil(Math.log10(Math.max(max * 1.2, leastMax)))],
        }
      : { range: (_, _min, max) => [0, Math.max(max * 1.15, leastMax)] };
    this.#plot = new uPlot(
      {
        width: parent.clientWidth,
        height: parent.clientHeight,
        padding: [8, namesWidth, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: (_, _min, max) => [0, Math.max(max, 10)] }, y: yScale },
        axes: [
          { ...axis, size: 30, values: (_, splits) => splits.map((second) => `${second} s`) },
          isLogarithmic ? { ...axis, size: 52, splits: powersOfTen } : { ...axis, size: 52 },
        ],
        series: [
          {},
          ...contenders.map(({ id, name }) => ({
            label: name,
            stroke: themeColor(id),
            width: lineStyles[id].width,
            dash: [...lineStyles[id].dash],
            points: { show: false },
          })),
        ],
        hooks: { draw: [drawNames] },
      },
      data,
      parent,
    );
  }

  setData(data: uPlot.AlignedData): void {
    this.#plot.setData(data);
  }

  setWidth(width: number): void {
    this.#plot.setSize({ width, height: this.#plot.height });
  }

  destroy(): void {
    this.#plot.destroy();
  }
}

/** Writes each contender's name at the end of its line, and moves names apart that would overlap. */
function drawNames(plot: uPlot): void {
  const { ctx, bbox, data } = plot;
  const ratio = devicePixelRatio;
  const apart = namesApart * ratio;
  const names = contenders
    .map(({ id, name }, index) => {
      const value = data[index + 1]?.at(-1);
      return { id, name, y: value == null ? null : plot.valToPos(value, "y", true) };
    })
    .filter((each): each is typeof each & { y: number } => each.y !== null)
    .toSorted((one, other) => other.y - one.y);
  let lowest = bbox.top + bbox.height - 6 * ratio;
  const last = data[0]?.at(-1) ?? 0;
  const x = plot.valToPos(last, "x", true) + 8 * ratio;
  ctx.save();
  ctx.font = `600 ${12 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  for (const { id, name, y } of names) {
    const at = Math.min(y, lowest);
    lowest = at - apart;
    ctx.fillStyle = themeColor(id);
    ctx.fillText(name, x, at);
  }
  ctx.restore();
}
