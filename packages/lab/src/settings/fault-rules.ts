import type { SpawnedFaultRule } from "@reissue/testing";
import type { FaultChoice } from "./fault-choice.ts";

/** The faulty upstream's rules for each choice, apart from their probability. */
const rules: Readonly<Record<FaultChoice, SpawnedFaultRule | null>> = {
  none: null,
  reset: { fault: "reset", on: "reused" },
  "reset-after": { fault: "reset", when: "after-processing" },
  end: { fault: "end", on: "reused" },
  "close-after": { fault: "answer-then-close" },
  restart: { fault: "restart", on: "reused", downMs: 100 },
};

/** Restarts take every connection along: a fiftieth of the chosen share hurts as many requests. */
const restartShare = 1 / 50;

/** Fault rules of the upstream for a run. */
export function faultRules(choice: FaultChoice, probability: number): SpawnedFaultRule[] {
  const rule = rules[choice];
  if (rule === null) return [];
  return [
    { ...rule, probability: choice === "restart" ? probability * restartShare : probability },
  ];
}
