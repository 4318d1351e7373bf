import type { DecisionRows } from "@reissue/core/internal";
import type { LitDecision } from "../laboratory/lab-message.ts";
import type { LitCell } from "../race/lit-cell.ts";
import { inWords } from "../measure/words.ts";
import { byId, element, fromMarkdown } from "./element.ts";

/** The decision table, with the decisions of this run. */
export class DecisionView {
  readonly #cells = new Map<string, HTMLTableCellElement>();
  #lit: HTMLTableCellElement | null = null;

  /** Replaces everything. */
  reset({ groups, rows, limits }: DecisionRows, decisions: readonly LitDecision[]): void {
    this.#cells.clear();
    this.#lit = null;
    const labels = ["Delivery", "What happened", "Body", ...groups.map(({ label }) => label)];
    fill(
      "decisions",
      labels,
      rows.map(({ delivery, what, body, cells }, row) => [
        element("th", { scope: "row" }, element("code", {}, delivery)),
        element("td", {}, ...fromMarkdown(what)),
        element("td", {}, body),
        ...cells.map(({ text }, column) => this.#cell({ part: "rows", row, column }, text)),
      ]),
    );
    fill(
      "decision-limits",
      ["When", "What happened", "Decision"],
      limits.map(({ when, delivery, what, cell }, row) => [
        element("th", { scope: "row" }, ...fromMarkdown(when)),
        element("td", {}, ...fromMarkdown(`\`${delivery}\`: ${what}`)),
        this.#cell({ part: "limits", row }, cell.text),
      ]),
    );
    for (const decision of decisions) this.light(decision);
  }

  /** Forgets the decisions of the last run. */
  clear(): void {
    for (const cell of this.#cells.values()) {
      cell.classList.remove("met", "lit");
      cell.removeAttribute("aria-current");
      cell.querySelector(".times")?.remove();
    }
    this.#lit = null;
  }

  /** Marks a decision as the latest. */
  light({ cell: place, count }: LitDecision): void {
    const cell = this.#cells.get(JSON.stringify(place));
    if (cell === undefined) return;
    if (this.#lit !== cell) {
      this.#lit?.classList.remove("lit");
      this.#lit?.removeAttribute("aria-current");
      cell.classList.add("met", "lit");
      cell.setAttribute("aria-current", "true");
      this.#lit = cell;
    }
    const times =
      cell.querySelector(".times") ?? cell.appendChild(element("span", { class: "times" }));
    times.textContent = count === 1 ? "once in this run" : `${inWords(count)} times in this run`;
  }

  #cell(place: LitCell, text: string): HTMLTableCellElement {
    const cell = element("td", {}, ...fromMarkdown(text));
    this.#cells.set(JSON.stringify(place), cell);
    return cell;
  }
}

function fill(id: string, labels: readonly string[], rows: readonly (readonly Node[])[]): void {
  const table = byId(id);
  const head = labels.map((label) => element("th", { scope: "col" }, label));
  table.querySelector("thead")?.replaceChildren(element("tr", {}, ...head));
  table
    .querySelector("tbody")
    ?.replaceChildren(...rows.map((cells) => element("tr", {}, ...cells)));
}
