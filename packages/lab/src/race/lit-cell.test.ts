import type { Failure, Outcome, RequestFacts } from "@reissue/core";
import { decide, defaultPolicy } from "@reissue/core";
import { decisionRows } from "@reissue/core/internal";
import { expect, test } from "vitest";

import { litCell } from "./lit-cell.ts";

const table = decisionRows();
const state = {
  attempts: 1,
  staleResends: 0,
  unsentResends: 0,
  unsentSinceMs: null,
  nowMs: 0,
  deadlineMs: 30_000,
  budgetLeft: true,
  staleBudgetLeft: true,
  aborted: false,
  random: 0.5,
};
const reset: Failure = {
  kind: "reset",
  phase: "request",
  delivery: "stale",
  status: 502,
  token: "connection_terminated",
  transient: true,
  code: "ECONNRESET",
};
const put: RequestFacts = { method: "PUT", keyed: false, optedIn: false, replayable: true };
const post: RequestFacts = { ...put, method: "POST" };

/** The words of the cell that a real decision lights. */
function lit(failure: Partial<Failure>, request: RequestFacts, changes: object = {}): string {
  const outcome: Outcome = { type: "failure", failure: { ...reset, ...failure } };
  const decision = decide(outcome, request, defaultPolicy, { ...state, ...changes });
  const cell = litCell(table, { request, outcome, decision });
  if (cell === null) return "none";
  if (cell.part === "limits") return `limit: ${table.limits[cell.row]?.when}`;
  const { what, cells } = table.rows[cell.row]!;
  return `${what}: ${cells[cell.column]?.text}`;
}

test("a stale socket lights the cells of an idempotent method and of a POST", () => {
  const what =
    "a reused connection died right after the write, a 408 for an idle connection crossed the request";
  expect(lit({}, put)).toBe(`${what}: **resend** at once, fresh connection: \`stale-socket\``);
  expect(lit({}, { ...post, keyed: true })).toContain("`stale-socket`");
  expect(lit({}, post)).toBe(`${what}: give up: \`not-retry-safe\``);
});

test("a refused connection lights its cell with any delay that the jitter draws", () => {
  for (const random of [0.001, 0.3, 0.999]) {
    const refused = { kind: "refused", phase: "connect", delivery: "unsent" } as const;
    expect(lit(refused, post, { random })).toContain("connect refused");
  }
});

test("a body that cannot be sent again lights its cell", () => {
  expect(lit({}, { ...put, replayable: false })).toContain("`body-not-replayable`");
});

test("a decision that only a limit explains lights the row of the limit", () => {
  expect(lit({}, put, { staleResends: 1 })).toBe("limit: the call's second stale socket");
  expect(lit({ delivery: "unknown" }, put, { attempts: 3 })).toBe("limit: attempt 3 failed");
});

test("a response with a status lights its cell", () => {
  const outcome: Outcome = { type: "answer", status: 503, retryAfterMs: null };
  const decision = decide(outcome, put, defaultPolicy, state);
  expect(litCell(table, { request: put, outcome, decision })).toMatchObject({ part: "rows" });
});

test("a decision that is not in the table lights nothing", () => {
  const outcome: Outcome = { type: "failure", failure: { ...reset, delivery: "unsent" } };
  const decision = { action: "give-up", reason: "response-started" } as const;
  expect(litCell(table, { request: put, outcome, decision })).toBeNull();
});
