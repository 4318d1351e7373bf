import { expect, test } from "vitest";

import type { IdleLimit } from "./idle-times.ts";
import { safeIdleMs, settingsFor } from "./settings.ts";

const closes = (fromMs: number): IdleLimit => ({
  type: "closes",
  fromMs,
  toMs: fromMs,
  by: "fin",
  with408: false,
  seen: 7,
});

test.each([
  [500, 250],
  [1500, 750],
  [2000, 1000],
  [5000, 4000],
  [15_000, 12_000],
  [75_000, 60_000],
  [1_000_000, 600_000],
])("a limit of %d ms allows a client %d ms", (limitMs, safeMs) => {
  expect(safeIdleMs(limitMs)).toBe(safeMs);
});

test("a server that closes early needs both options, and the agent of its scheme", () => {
  expect(settingsFor("https://a", closes(1000), null)).toMatchObject({
    idleMs: 500,
    unsafeIdleMs: 250,
    code: [
      'createUpstream({ origins: { "https://a": { idleMs: 500, unsafeIdleMs: 250 } } });',
      "new HttpsAgent({ reissue: { idleMs: 500, unsafeIdleMs: 250 } });",
    ],
  });
});

test("a server that closes late allows a longer time, up to what it promises", () => {
  expect(settingsFor("http://a", closes(75_000), null)).toMatchObject({ idleMs: 60_000 });
  expect(settingsFor("http://a", closes(6000), 5000)).toMatchObject({ idleMs: null, code: [] });
});

test.each([
  ["closes each connection", null],
  ["closes a little later than the default needs", closes(5000)],
  ["was not seen closing", { type: "keeps", atLeastMs: 130_000 } as const],
])("a server that %s needs no option", (_name, idle) => {
  expect(settingsFor("http://a", idle, null)).toMatchObject({ idleMs: null, code: [] });
});

test("a silently dropped connection counts from its last response", () => {
  const drops = { type: "drops", fromMs: 2000, toMs: 2500 } as const;
  expect(settingsFor("http://a", drops, null)).toMatchObject({ idleMs: 1000 });
});
