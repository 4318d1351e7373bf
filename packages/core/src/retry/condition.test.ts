import { describe, expect, test } from "vitest";

import type { Failure, FailureKind, Phase } from "../failure/failure.ts";
import { defaultConditions, failureCondition, statusListed, type Condition } from "./condition.ts";

const phases: Phase[] = [
  "dns",
  "connect",
  "tls",
  "pool",
  "request",
  "response-headers",
  "response-body",
  "unknown",
];

function condition(kind: FailureKind, phase: Phase): Condition | null {
  const rest = { delivery: "unknown", status: 502, token: null, transient: true, code: null };
  return failureCondition({ kind, phase, ...rest } as Failure);
}

describe("the condition of a failure", () => {
  const always: [FailureKind, Condition | null][] = [
    ["dns", "connect-failure"],
    ["refused", "connect-failure"],
    ["unroutable", "connect-failure"],
    ["local", "connect-failure"],
    ["pool", "connect-failure"],
    ["refused-stream", "refused-stream"],
    ["certificate", null],
    ["tls", null],
    ["protocol", null],
    ["aborted", null],
    ["unknown", null],
  ];
  test.each(always)("%s leads to %s in every phase", (kind, expected) => {
    for (const phase of phases) expect(condition(kind, phase)).toBe(expected);
  });

  test.each(phases)(
    "a reset, an incomplete response or a timeout in phase %s has its condition",
    (phase) => {
      const connecting = phase === "connect" || phase === "tls";
      expect(condition("reset", phase)).toBe(connecting ? "connect-failure" : "reset");
      expect(condition("incomplete", phase)).toBe(connecting ? "connect-failure" : "reset");
      const resolving = connecting || phase === "dns";
      expect(condition("timeout", phase)).toBe(resolving ? "connect-failure" : "timeout");
    },
  );
});

describe("the statuses of a condition", () => {
  /** The statuses from 100 to 599 that `conditions` list. */
  function listed(conditions: readonly Condition[], hasRetryAfter: boolean): number[] {
    const statuses = Array.from({ length: 500 }, (_, index) => index + 100);
    return statuses.filter((status) => statusListed(status, hasRetryAfter, conditions));
  }

  test.each<[readonly Condition[], number[], number[]]>([
    [defaultConditions, [429, 502, 503, 504], [429, 502, 503, 504]],
    [["gateway-error"], [502, 503, 504], [502, 503, 504]],
    [["rate-limited"], [429], [429, 503]],
    [["reset", "connect-failure", "refused-stream", "timeout"], [], []],
    [
      [500, 409],
      [409, 500],
      [409, 500],
    ],
    [[], [], []],
  ])("%j covers %j without Retry-After, and %j with it", (conditions, without, withIt) => {
    expect(listed(conditions, false)).toEqual(without);
    expect(listed(conditions, true)).toEqual(withIt);
  });
});
