import type { DecisionRows } from "@reissue/core/internal";
import type { Sample } from "../measure/measure.ts";
import type { LitCell } from "../race/lit-cell.ts";
import type { RaceTimeline } from "../race/timeline.ts";
import type { LabSettings } from "../settings/settings.ts";

/** Whether a run is going on, and why the last one ended. */
export interface LabState {
  readonly phase: "stopped" | "starting" | "running";
  /** Of the run, or of the next one. */
  readonly settings: LabSettings;
  /** Sentence for people; null for none. */
  readonly note: string | null;
}

/** Decision of Reissue, and how often it was made in this run. */
export interface LitDecision {
  readonly cell: LitCell;
  readonly count: number;
}

/** Message to the page. */
export type LabMessage =
  /** First message of each connection: everything that the page has to know. */
  | {
      readonly type: "hello";
      readonly state: LabState;
      readonly samples: readonly Sample[];
      readonly races: readonly RaceTimeline[];
      readonly decisions: readonly LitDecision[];
      readonly table: DecisionRows;
    }
  | { readonly type: "state"; readonly state: LabState }
  | { readonly type: "sample"; readonly sample: Sample }
  | { readonly type: "race"; readonly race: RaceTimeline }
  | { readonly type: "decision"; readonly decision: LitDecision };
