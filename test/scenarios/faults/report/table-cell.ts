import { expect, test } from "vitest";

import { times } from "../../../support/test-size.ts";
import { audit, upstreamError } from "./audit.ts";
import { retrySafe, unsafe, type Kind } from "../trial/request-kind.ts";
import type { Expectation, Row } from "./table-row.ts";
import { met, struck, summary } from "./trial-summary.ts";
import { trial, type Manner, type Trial } from "../trial/run-trial.ts";

/** The share of calls that must have met a fault for a cell to prove anything. */
const leastMet = 0.05;
const rareShare = 0.003;
/** What chance may add to them in the short form. */
const rareMore = times(2, 0);
const fetchCalls = 300;
const timeoutMs = 120_000;

/** Declares the tests of a row: both columns, through `request` at both concurrencies, and shorter through `fetch`. */
export function cells(row: Row): void {
  const { 16: calls, 1: callsOneByOne } = row.calls ?? { 16: 2000, 1: 2000 };
  for (const [column, kinds] of [
    ["retry-safe", retrySafe] as const,
    ["POST without key", unsafe] as const,
  ]) {
    const expectation = kinds === unsafe ? row.unsafe : row.retrySafe;
    const manners: readonly Manner[] = [
      { via: "request", concurrency: 16, calls: sized(calls) },
      { via: "request", concurrency: 1, calls: sized(callsOneByOne) },
      { via: "fetch", concurrency: 16, calls: Math.min(calls, fetchCalls) },
    ];
    for (const manner of manners) {
      if (manner.calls === 0) continue;
      const name = `${column}, ${manner.calls} by ${manner.via}, ${manner.concurrency} at a time`;
      test.concurrent(name, { timeout: timeoutMs }, async ({ annotate }) => {
        const result = await trial(row, kinds, manner);
        await annotate(summary(result, kinds));
        audit(result);
        judge(result, kinds, expectation);
      });
    }
  }
}

/** In the short form three tenths of a thousand calls or more, and never so few that a kind might meet no fault. */
function sized(calls: number): number {
  return times(Math.min(calls, Math.max(400, 0.3 * calls)), calls);
}

function judge(trial: Trial, kinds: readonly Kind[], { failed, as = {} }: Expectation): void {
  const calls = trial.outcomes.length;
  const lost = trial.outcomes.filter(({ error }) => error !== null);
  const ids = lost.map(({ call }) => call.id);
  if (failed === "none") expect(lost.map(({ error }) => error)).toEqual([]);
  if (failed === "struck") expect(ids.toSorted()).toEqual([...struck(trial)].toSorted());
  if (failed === "rare")
    expect(lost.length).toBeLessThanOrEqual(Math.ceil(calls * rareShare) + rareMore);
  for (const { call, error } of lost) {
    const { delivery, reason } = upstreamError(error);
    expect([delivery, reason], `${call.kind.name}, number ${call.number}`).toEqual([
      delivery,
      as[delivery],
    ]);
    const written = trial.attempts.of(call.id).filter(({ reused }) => reused !== null);
    if (delivery === "delivered") expect(written).toHaveLength(1);
  }
  const hit = kinds.map(({ name }) => met(trial, name));
  expect(Math.min(...hit), "a kind met no fault").toBeGreaterThan(0);
  const all = hit.reduce((sum, each) => sum + each, 0);
  expect(all, "too few faults to prove anything").toBeGreaterThanOrEqual(calls * leastMet);
}
