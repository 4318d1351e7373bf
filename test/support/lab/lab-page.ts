import type { Locator, Page } from "playwright-core";

/** Names of the lines, in the order of the table's rows. */
export const lineNames = ["fetch", "axios-retry", "retry-agent", "reissue"] as const;

/** Name of a line. */
type LineName = (typeof lineNames)[number];

/** What the laboratory's page shows. */
export class LabPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  calls(name: LineName): Promise<number> {
    return this.#number(name, 0);
  }

  failed(name: LineName): Promise<number> {
    return this.#number(name, 1);
  }

  focusedId(): Promise<unknown> {
    return this.#page.evaluate("document.activeElement.id");
  }

  /** A colour of the theme that is shown, as `#rrggbb`. */
  async color(name: string): Promise<string> {
    const read = `getComputedStyle(document.documentElement).getPropertyValue("--${name}").trim()`;
    return String(await this.#page.evaluate(read));
  }

  /** Dash patterns of the lines. */
  dashes(): Promise<string[]> {
    const paths = "[...document.querySelectorAll('#now .swatch path')]";
    return this.#page.evaluate(`${paths}.map((line) => line.getAttribute("stroke-dasharray"))`);
  }

  async #number(name: LineName, column: number): Promise<number> {
    const row: Locator = this.#page.locator("#now tbody tr").nth(lineNames.indexOf(name));
    const text = (await row.locator("td").nth(column).textContent()) ?? "";
    return Number.parseInt(text.replaceAll(",", ""), 10) || 0;
  }
}
