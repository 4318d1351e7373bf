import { contenders } from "../contender/contenders.ts";
import type { Sample } from "../measure/measure.ts";
import { isHarmedByRepeats, summary } from "../measure/summary.ts";
import { inWords, percentInWords } from "../measure/words.ts";
import type { LabSettings } from "../settings/settings.ts";
import { byId, element } from "./element.ts";
import { swatch } from "./line-style.ts";

/** The table of what each client did since the run began; also the legend of the charts. */
export class NowTable {
  readonly #cells: readonly (readonly HTMLTableCellElement[])[];

  constructor() {
    const body = byId("now").querySelector("tbody");
    this.#cells = contenders.map(({ id, name, how }) => {
      const head = element("th", { scope: "row" }, swatch(id), name);
      head.append(element("span", { class: "how" }, how));
      const cells = Array.from({ length: 5 }, () => element("td", { class: "number" }, "–"));
      body?.append(element("tr", {}, head, ...cells));
      return cells;
    });
  }

  show(sample: Sample, settings: LabSettings): void {
    for (const [index, { id }] of contenders.entries()) {
      const { calls, failed, twice, resends, p99Ms } = sample.of[id];
      const counted = isHarmedByRepeats(settings);
      const texts = [
        inWords(calls),
        calls === 0 ? "–" : `${inWords(failed)} (${percentInWords(failed / calls)})`,
        counted ? inWords(twice) : "harmless",
        inWords(resends),
        p99Ms === null ? "–" : `${inWords(p99Ms)} ms`,
      ];
      const isBad = [false, failed > 0, counted && twice > 0, false, false];
      for (const [column, cell] of (this.#cells[index] ?? []).entries()) {
        cell.textContent = texts[column] ?? "";
        cell.classList.toggle("bad", isBad[column] ?? false);
      }
    }
    byId("summary").textContent = summary(sample, settings);
  }
}
