import type { Decision, Outcome, RequestFacts } from "@reissue/core";
import type { RaceCall } from "./race-call.ts";
import type { LabSettings } from "../settings/settings.ts";

/** Order to a contender's process to begin its load. */
export interface StartOrder {
  readonly type: "start";
  /** Origin of the upstream. */
  readonly origin: string;
  readonly settings: LabSettings;
  /** Seed of the load, the same for all contenders. */
  readonly seed: number;
}

/** Calls that have ended since the last report. */
export interface LoadReport {
  readonly type: "load";
  readonly calls: number;
  readonly failed: number;
  /** Sends beyond the first of each call. */
  readonly resends: number;
  /** Duration of each call, in ms. */
  readonly durationsMs: readonly number[];
}

/** Decision of Reissue, as `reissue:decision` has it. */
export interface DecisionReport {
  readonly type: "decision";
  readonly request: RequestFacts;
  readonly outcome: Outcome;
  readonly decision: Decision;
}

/** Call that was sent more than once, or failed. */
export interface RaceReport {
  readonly type: "race";
  readonly call: RaceCall;
}

/** Message of a contender's process; the first is `ready`. */
export type ContenderMessage =
  | { readonly type: "ready" }
  | LoadReport
  | DecisionReport
  | RaceReport;
