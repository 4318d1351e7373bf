import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { expect, onTestFinished, test } from "vitest";

import { LabEvents } from "../support/lab/lab-events.ts";
import { openLab, order } from "../support/lab/open-lab.ts";

test("a lost response makes axios-retry repeat a POST, and Reissue does not repeat it", async () => {
  const { url } = await openLab();
  const events = await LabEvents.open(url);
  const settings = { fault: "reset-after", probability: 0.1, method: "POST", keyed: false };
  expect((await order(url, "start", settings)).status).toBe(202);
  const latest = () => events.of("sample").at(-1)?.["sample"].of;
  await events.until(() => latest()?.["axios-retry"].twice > 0 && latest()?.reissue.failed > 0);
  expect(latest()).toMatchObject({
    reissue: { twice: 0 },
    fetch: { twice: 0, resends: 0 },
  });
  const decisions = events.of("decision").map(({ decision }) => decision.cell);
  expect(decisions).toContainEqual(expect.objectContaining({ part: "rows", column: 1 }));
  await events.until(() => events.of("race").some(({ race }) => race.contender === "axios-retry"));
  events.close();
});

test("another start replaces the run and its results", async () => {
  const { url } = await openLab();
  const events = await LabEvents.open(url);
  for (const idleMs of [60, 80]) await order(url, "start", { fault: "none", idleMs });
  await events.until(() => events.of("sample").length > 0);
  const states = events.of("state").map(({ state }) => [state.phase, state.settings.idleMs]);
  expect(states.filter(([phase]) => phase === "running")).toEqual([["running", 80]]);
  expect(events.of("sample")[0]?.["sample"].atMs).toBe(500);
  await order(url, "stop", {});
  await events.until(() => events.of("state").at(-1)?.["state"].phase === "stopped");
  events.close();
});

test("a run ends with the laboratory, even if that is killed", async () => {
  const file = new URL("../support/lab/serve-lab.js", import.meta.url).pathname;
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [url] = (await once(createInterface(child.stdout), "line")) as [string];
  const events = await LabEvents.open(url);
  await order(url, "start", {});
  await events.until(() => events.of("state").some(({ state }) => state.phase === "running"));
  // The pipe to stderr closes when none of the processes, which have inherited it, is left.
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
});
