import { runLab, type Lab } from "@reissue/lab";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  consoleProblems,
  contrast,
  launchChromium,
  violations,
} from "../../support/lab/chromium.ts";
import { LabPage, lineNames } from "../../support/lab/lab-page.ts";

/** Long enough for five processes to start while other tests keep the machine busy. */
const soon = { timeout: 25_000 };

let lab: Lab;
let browser: Browser;
let page: Page;
let shown: LabPage;
let problems: string[];

beforeAll(async () => {
  [lab, browser] = await Promise.all([runLab(), launchChromium()]);
  page = await browser.newPage({ viewport: { width: 1240, height: 1000 }, colorScheme: "light" });
  shown = new LabPage(page);
  problems = consoleProblems(page);
  await page.goto(lab.url);
});

afterAll(async () => {
  await Promise.all([browser?.close(), lab?.close()]);
});

describe("the page without a mouse", () => {
  test("sets up and starts a run, and every control shows the focus", async () => {
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the results");
    for (const id of ["fault", "probability", "idleMs", "method", "keyed", "start"]) {
      await page.keyboard.press("Tab");
      expect(await shown.focusedId()).toBe(id);
      const outline = "getComputedStyle(document.activeElement).outlineStyle";
      expect(await page.evaluate(outline)).toBe("solid");
    }
    const probability = page.locator("#probability");
    await probability.focus();
    for (let step = 0; step < 8; step += 1) await page.keyboard.press("ArrowRight");
    expect(await probability.getAttribute("aria-valuetext")).toBe("8 % of requests");
    await page.locator("#start").focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#announcer").textContent(), soon).toBe("Running");
  });

  test("lets the traffic be chosen, and says in a sentence what it means", async () => {
    await expect.poll(() => shown.failed("fetch"), soon).toBeGreaterThan(0);
    const slider = page.locator("#traffic");
    const sentence = page.locator("#traffic-sentence");
    await expect.poll(() => sentence.textContent()).toContain("At 10 requests a second");
    await slider.focus();
    await page.keyboard.press("End");
    expect(await slider.getAttribute("aria-valuetext")).toBe("10,000 requests a second");
    expect(await sentence.textContent()).toContain("At 10,000 requests a second fetch loses");
    await page.keyboard.press("Home");
  });
});

describe("a run", () => {
  test("raises the line of fetch, while the line of Reissue stays flat", async () => {
    for (const name of ["reissue", "fetch"] as const) {
      await expect.poll(() => shown.calls(name), soon).toBeGreaterThan(100);
    }
    const chart = page.getByRole("img", { name: /^Failed, % of the calls so far, after/ });
    const label = async (): Promise<string> => (await chart.getAttribute("aria-label")) ?? "";
    await expect.poll(label).toMatch(/fetch [1-9]/);
    expect(await label()).toMatch(/Reissue 0$/);
    expect(await shown.failed("fetch")).toBeGreaterThan(0);
    expect(await shown.failed("reissue")).toBe(0);
    expect(await page.locator("#summary").textContent()).toMatch(
      /Reissue lost none of [\d,]+ calls/,
    );
  });

  test("draws a race of Reissue, from its write to the response on a fresh socket", async () => {
    const steps = page.locator("#race-steps");
    await expect.poll(() => steps.textContent(), soon).toContain("is written");
    const text = await steps.textContent();
    expect(text).toMatch(/FIN|RST/);
    expect(text).toContain("Reissue decides");
    expect(text).toContain("A fresh connection is open");
    expect(text).toContain("The caller gets 200");
    const drawing = page.getByRole("img", { name: /^Reissue: a POST with an Idempotency-Key/ });
    expect(await drawing.locator(".badge").count()).toBe(await steps.locator("li").count());
    expect(await drawing.textContent()).toContain("Socket 2");
  });

  test("draws what happened to a race under fetch", async () => {
    await page.getByRole("radio", { name: "fetch" }).focus();
    await page.keyboard.press("Space");
    const caption = page.locator("#race-caption");
    await expect.poll(() => caption.textContent()).toMatch(/^fetch: .*the caller got an error\.$/);
  });

  test("lights the latest decision in the table", async () => {
    const lit = page.locator("#decisions td[aria-current], #decision-limits td[aria-current]");
    await expect.poll(() => lit.count()).toBe(1);
    await expect.poll(() => page.locator("#decisions").textContent()).toContain("in this run");
    expect(await page.locator("#decisions tbody tr").count()).toBeGreaterThan(15);
  });

  test("shows its charts as a table too", async () => {
    const history = page.locator("#history");
    await history.locator("summary").focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => history.locator("tbody tr").count()).toBeGreaterThan(0);
    expect(await history.locator("thead th").count()).toBe(17);
  });

  test("says nothing to a screen reader while it is going on", async () => {
    const spoken = await page.evaluate(`new Promise((resolve) => {
      const regions = document.querySelectorAll("[role=status], [role=alert], [aria-live], output");
      let changes = 0;
      const observer = new MutationObserver((records) => (changes += records.length));
      const everything = { childList: true, subtree: true, characterData: true };
      for (const region of regions) observer.observe(region, everything);
      // real time: two samples a second reach the page
      setTimeout(() => resolve({ changes, regions: regions.length }), 1_500);
    })`);
    expect(spoken).toEqual({ changes: 0, regions: 2 });
  });

  test("is shown completely to a page that is opened later", async () => {
    const later = await browser.newPage();
    await later.goto(lab.url);
    await expect.poll(() => later.locator("#phase").textContent()).toBe("Running");
    expect(await later.locator("#probability").inputValue()).toBe("80");
    await expect.poll(() => later.locator("#summary").textContent()).toContain("fetch lost");
    await later.close();
  });
});

test("a run is stopped by keyboard, and its numbers stay", async () => {
  await page.locator("#stop").focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => page.locator("#announcer").textContent(), soon).toBe("Stopped");
  expect(await shown.focusedId()).toBe("stop");
  expect(await page.locator("#summary").textContent()).toContain("fetch lost");
  expect(await page.locator("#start").textContent()).toBe("Start");
});

describe.each(["light", "dark"] as const)("the page in the %s theme", (colorScheme) => {
  test("has no problem that axe finds", async () => {
    await page.emulateMedia({ colorScheme });
    await page.locator("#limits").evaluate((details) => details.setAttribute("open", ""));
    expect(await violations(page)).toEqual([]);
  });

  test("has lines and names that stand out, and can be distinguished without colour", async () => {
    await page.emulateMedia({ colorScheme });
    const card = await shown.color("card");
    for (const name of [...lineNames, "quiet", "ink", "problem"]) {
      expect(contrast(await shown.color(name), card), name).toBeGreaterThanOrEqual(4.5);
    }
    expect(contrast(await shown.color("control"), card)).toBeGreaterThanOrEqual(3);
    expect(new Set(await shown.dashes()).size).toBe(lineNames.length);
  });
});

test.each([768, 360])("a width of %i px is enough, without scrolling sideways", async (width) => {
  await page.setViewportSize({ width, height: 780 });
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
  const fits =
    "[...document.querySelectorAll('.plot')].every((p) => p.scrollWidth <= p.clientWidth)";
  await expect.poll(() => page.evaluate(fits)).toBe(true);
  expect(await violations(page)).toEqual([]);
});

test("nothing moves for visitors who have asked for reduced motion", async () => {
  const duration = "getComputedStyle(document.querySelector('td.lit')).transitionDuration";
  expect(await page.evaluate(duration)).not.toBe("0s");
  await page.emulateMedia({ reducedMotion: "reduce" });
  expect(await page.evaluate(duration)).toBe("0s");
});

test("the page has reported no problem on its console", () => {
  expect(problems).toEqual([]);
});
