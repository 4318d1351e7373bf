import axe from "axe-core";
import { chromium, type Browser, type Page } from "playwright-core";

import { find } from "../../../scripts/debian.js";

/** Part of axe's results that is read here. */
interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly {
      readonly target: readonly string[];
      readonly failureSummary: string;
    }[];
  }[];
}

/** Starts Debian's Chromium. */
export function launchChromium(): Promise<Browser> {
  // Root may not use Chromium's sandbox; it loads our own page only.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: find("chromium") ?? "chromium", args });
}

/** Collects what a page reports on its console as warnings and errors. */
export function consoleProblems(page: Page): string[] {
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() !== "log") problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("requestfailed", (request) => {
    // A page that is left ends its events.
    if (!request.url().endsWith("/events")) problems.push(`failed: ${request.url()}`);
  });
  return problems;
}

/** Violations of WCAG 2.2 AA, and of axe's best practices, in words. */
export async function violations(page: Page): Promise<string[]> {
  // A colour on its way to the other theme's has a contrast that nobody sees for longer than the way takes.
  await page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))");
  // As an expression of the debugger: the page's policy forbids scripts that are not its own.
  await page.evaluate(axe.source);
  const found = await page.evaluate<AxeResults>("axe.run()");
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${id} (${help}) ${target.join(" ")}: ${failureSummary}`,
    ),
  );
}

/** Contrast of two colours of the form `#rrggbb`, by WCAG 2.2. */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
