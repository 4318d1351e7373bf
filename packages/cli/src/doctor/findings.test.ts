import { expect, test } from "vitest";

import type { IdleLimit } from "../probe/idle-times.ts";
import { drainFindings, outlasts, requiredIdleMs } from "./findings.ts";
import { fixFor } from "./fix.ts";

const closes = (fromMs: number): IdleLimit => ({
  type: "closes",
  fromMs,
  toMs: fromMs,
  by: "fin",
  with408: false,
  seen: 3,
});
const keeps = (atLeastMs: number): IdleLimit => ({ type: "keeps", atLeastMs });

test.each<[string, IdleLimit | null, number | null, string]>([
  ["closes earlier", closes(5000), null, "bad"],
  ["closes at the same time", closes(60_000), null, "bad"],
  ["closes later", closes(65_000), null, "good"],
  ["drops earlier", { type: "drops", fromMs: 1000, toMs: 2000 }, null, "bad"],
  ["keeps for long enough", keeps(61_000), null, "good"],
  ["was not measured for long enough", keeps(10_000), null, "doubtful"],
  ["was not measured for long enough, and promises enough", keeps(10_000), 65_000, "doubtful"],
  ["was not measured for long enough, and promises less", keeps(10_000), 30_000, "bad"],
  ["closes after each response", null, null, "doubtful"],
])(
  "a server that %s gets its findings behind a load balancer of 60 s",
  (_name, idle, hintMs, state) => {
    const required = requiredIdleMs(["aws-alb"], null);
    expect(outlasts(idle, hintMs, required, "aws-alb").state).toBe(state);
  },
);

test("the longest of several load balancers counts, and an idle time of your own counts more", () => {
  expect(requiredIdleMs(["nginx", "gcp"], null)).toBe(601_000);
  expect(requiredIdleMs(["nginx"], 5000)).toBe(6000);
});

const drained = {
  responses: 400,
  announced: 390,
  lost: 0,
  refusedAtMs: 5000,
  exit: { code: 0, signal: null, afterMs: 5100 },
};
const badChecks = (drain: Parameters<typeof drainFindings>[0]): string[] =>
  drainFindings(drain)
    .filter(({ state }) => state === "bad")
    .map(({ check }) => check);

test.each([
  ["a drain", drained, []],
  ["lost requests", { ...drained, lost: 1 }, ["requests"]],
  ["no announcement", { ...drained, announced: 0 }, ["announces"]],
  ["connections refused at once", { ...drained, refusedAtMs: 3 }, ["listens"]],
  ["a process that does not end", { ...drained, exit: null }, ["exits"]],
  [
    "a process without a handler",
    {
      responses: 0,
      announced: 0,
      lost: 4,
      refusedAtMs: 1,
      exit: { code: null, signal: "SIGTERM" as const, afterMs: 1 },
    },
    ["requests", "announces", "listens", "exits"],
  ],
])("the failed checks are the expected ones for %s", (_name, drain, bad) =>
  expect(badChecks(drain)).toEqual(bad),
);

test("the fix contains only what is needed", () => {
  const idle = outlasts(closes(5000), null, 61_000, "aws-alb");
  const drains = drainFindings({ ...drained, lost: 1 });
  expect(fixFor(drainFindings(drained), ["nginx"], null)).toEqual([]);
  expect(fixFor([idle], ["aws-alb"], null)).toContain('keepAlive(server, { behind: "aws-alb" });');
  expect(fixFor([idle], ["aws-alb", "gcp"], null).join("\n")).not.toContain("drain");
  expect(fixFor([idle], ["aws-alb"], 30_000)).toContain("keepAlive(server, { idleMs: 30000 });");
  expect(fixFor(drains, ["nginx"], null)[0]).toBe('import { drain } from "@reissue/server";');
});
