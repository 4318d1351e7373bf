import type { AlignedData } from "uplot";
import { contenders } from "../contender/contenders.ts";
import type { Measure, Sample } from "../measure/measure.ts";
import { inWords } from "../measure/words.ts";
import { Chart } from "./chart.ts";
import { byId, byIdAs, element } from "./element.ts";

/** What a chart shows of a measure. */
interface Quantity {
  readonly title: string;
  readonly unit: string;
  readonly isLogarithmic: boolean;
  readonly leastMax: number;
  readonly value: (measure: Measure) => number | null;
}

const quantities: readonly Quantity[] = [
  {
    title: "Failed",
    unit: "% of the calls so far",
    isLogarithmic: false,
    leastMax: 2,
    // A share of the first few calls would say nothing, and stretch the axis.
    value: ({ calls, failed }) => (calls < 100 ? null : (100 * failed) / calls),
  },
  {
    title: "Done twice",
    unit: "requests so far",
    isLogarithmic: false,
    leastMax: 10,
    value: ({ twice }) => twice,
  },
  {
    title: "Resends",
    unit: "so far",
    isLogarithmic: false,
    leastMax: 20,
    value: ({ resends }) => resends,
  },
  {
    title: "p99",
    unit: "ms, of the latest 1,000 calls, logarithmic",
    isLogarithmic: true,
    leastMax: 100,
    value: ({ p99Ms }) => p99Ms,
  },
];

/** Distance between two rows of the table, in ms: every half second would be too many to read. */
const tableEveryMs = 10_000;

/** The four charts, and the table with the same numbers. */
export class Charts {
  readonly #places: readonly HTMLElement[];
  readonly #table = byIdAs("history", HTMLDetailsElement);
  #charts: Chart[] = [];
  #samples: Sample[] = [];

  constructor() {
    this.#places = quantities.map(({ title, unit }, index) => {
      const id = `chart-${index}`;
      const caption = element("figcaption", { id }, `${title} `, element("span", {}, unit));
      const plot = element("div", { class: "plot", role: "img" });
      byId("charts").append(element("figure", { class: "chart" }, caption, plot));
      return plot;
    });
    this.#draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    const observer = new ResizeObserver(() => {
      for (const [index, chart] of this.#charts.entries()) {
        chart.setWidth(this.#places[index]?.clientWidth ?? 0);
      }
    });
    observer.observe(byId("charts"));
    this.#table.addEventListener("toggle", () => this.#fillTable());
  }

  /** Replaces everything that is shown. */
  reset(samples: readonly Sample[]): void {
    this.#samples = [...samples];
    this.#update();
  }

  add(sample: Sample): void {
    this.#samples.push(sample);
    this.#update();
  }

  #draw(): void {
    for (const chart of this.#charts) chart.destroy();
    this.#charts = this.#places.flatMap((place, index) => {
      const quantity = quantities[index];
      return quantity === undefined ? [] : [new Chart(place, this.#data(quantity), quantity)];
    });
  }

  #update(): void {
    for (const [index, quantity] of quantities.entries()) {
      this.#charts[index]?.setData(this.#data(quantity));
      this.#places[index]?.setAttribute("aria-label", this.#inWords(quantity));
    }
    if (this.#samples.length % (tableEveryMs / 500) === 1) this.#fillTable();
  }

  #data({ value }: Quantity): AlignedData {
    const lines = contenders.map(({ id }) => this.#samples.map(({ of }) => value(of[id])));
    return [this.#samples.map(({ atMs }) => atMs / 1_000), ...lines];
  }

  /** Says what a chart shows now, for those who do not see it. */
  #inWords({ title, unit, value }: Quantity): string {
    const last = this.#samples.at(-1);
    if (last === undefined) return `${title}, ${unit}: no data yet`;
    const values = contenders.map(({ id, name }) => `${name} ${cellText(value(last.of[id]))}`);
    return `${title}, ${unit}, after ${last.atMs / 1_000} s: ${values.join(", ")}`;
  }

  #fillTable(): void {
    if (!this.#table.open) return;
    const head = element("tr", {}, element("th", { scope: "col" }, "After"));
    for (const { title } of quantities) {
      for (const { name } of contenders) {
        head.append(element("th", { scope: "col", class: "number" }, `${title}, ${name}`));
      }
    }
    const rows = this.#samples
      .filter(({ atMs }, index) => atMs % tableEveryMs === 0 || index === this.#samples.length - 1)
      .map(({ atMs, of }) => {
        const row = element("tr", {}, element("th", { scope: "row" }, `${atMs / 1_000} s`));
        for (const { value } of quantities) {
          for (const { id } of contenders) {
            row.append(element("td", { class: "number" }, cellText(value(of[id]))));
          }
        }
        return row;
      });
    this.#table.querySelector("thead")?.replaceChildren(head);
    this.#table.querySelector("tbody")?.replaceChildren(...rows);
  }
}

function cellText(value: number | null): string {
  return value === null ? "–" : inWords(value);
}
