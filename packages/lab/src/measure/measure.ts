import type { ContenderId } from "../contender/contenders.ts";

/** What is known of a contender at some moment of a run. */
export interface Measure {
  /** Calls that have ended, since the run began. */
  readonly calls: number;
  /** Calls that ended with an error or a status from 500 on. */
  readonly failed: number;
  /** Requests that the upstream processed more than once. */
  readonly twice: number;
  /** Sends beyond the first of each call. */
  readonly resends: number;
  /** 99th percentile of the durations of the latest calls, in ms; null before the first. */
  readonly p99Ms: number | null;
}

/** Measures of all contenders at one moment. */
export interface Sample {
  /** Time since the run began, in ms. */
  readonly atMs: number;
  readonly of: Readonly<Record<ContenderId, Measure>>;
}
