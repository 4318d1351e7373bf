import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";

import { launchChromium } from "../../support/lab/chromium.ts";
import { LabPage } from "../../support/lab/lab-page.ts";
import { openLab, order } from "../../support/lab/open-lab.ts";

/** With REISSUE_SCREENSHOTS=1 the pictures of docs/demo.md are written; otherwise they are only taken. */
const areKept = process.env["REISSUE_SCREENSHOTS"] === "1";

const folder = join(import.meta.dirname, "../../../docs/images");

/** A run of a few seconds says more than its first sample. */
const minCalls = areKept ? 1500 : 300;

test("pictures of a run are taken in both themes, each small enough for a page", async () => {
  const lab = await openLab();
  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1180, height: 900 } });
  await page.goto(lab.url);
  await order(lab.url, "start", { fault: "reset", probability: 0.1, method: "POST", keyed: true });
  const shown = new LabPage(page);
  const soon = { timeout: 60_000 };
  await expect.poll(() => shown.calls("reissue"), soon).toBeGreaterThan(minCalls);
  await expect.poll(() => page.locator("#race-steps").textContent(), soon).toContain("is written");
  await order(lab.url, "stop", {});
  await expect.poll(() => page.locator("#phase").textContent(), soon).toBe("Stopped");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const picture = await taken(page);
    expect(picture.length).toBeGreaterThan(20_000);
    expect(picture.length).toBeLessThan(300_000);
    if (areKept) await writeFile(join(folder, `lab-${colorScheme}.png`), picture);
  }
});

/** Takes the results, from their top as far as the window reaches. */
async function taken(page: Page): Promise<Buffer> {
  await page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))");
  await page.evaluate("document.querySelector('#results').scrollIntoView({ block: 'start' })");
  return page.screenshot();
}
