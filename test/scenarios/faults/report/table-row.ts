import type { FaultyUpstream, FaultyUpstreamOptions } from "@reissue/testing";
import type { UpstreamError } from "@reissue/upstream";

/** What must hold for a column of a row. */
export interface Expectation {
  /**
   * Which calls may fail.
   *
   * - `none`: not one.
   * - `rare`: 0.3 %; three attempts at 10 % leave 0.1 %.
   * - `struck`: those that met a fault, every one of them, and no others.
   * - `some`: however many; whether a race is lost is up to the kernel.
   */
  readonly failed: "none" | "rare" | "struck" | "some";
  /** What those that fail may say of their fate, and why they were not sent again. */
  readonly as?: { readonly [Delivery in UpstreamError["delivery"]]?: UpstreamError["reason"] };
}

/** What there is to know at the moment before a call. */
export interface Disturbance {
  readonly upstream: FaultyUpstream;
  /** The call's, from 0. */
  readonly number: number;
  readonly concurrency: 16 | 1;
  /** A seeded number in [0, 1). */
  readonly draw: number;
}

/** One row of the table: a fault, and what must hold under it. */
export interface Row {
  readonly name: string;
  /** What the upstream does to requests; how it answers otherwise. */
  readonly upstream: Omit<FaultyUpstreamOptions, "respond"> & {
    readonly answer?: {
      /** How long the answer to a call is. */
      readonly bytes?: (number: number) => number;
      readonly close?: boolean;
      readonly chunked?: boolean;
      readonly delayMs?: number;
    };
  };
  /** What happens from outside before a call; how many sockets it killed. */
  readonly disturb?: (at: Disturbance) => number;
  /** Calls start together, so many as the concurrency, and end before the next ones start. */
  readonly bursts?: boolean;
  /** Calls of a cell, by concurrency; 0 leaves it out. @defaultValue 2000 */
  readonly calls?: { readonly 16: number; readonly 1: number };
  /** GET, PUT, POST with a key, POST opted in. */
  readonly retrySafe: Expectation;
  /** POST without a key. */
  readonly unsafe: Expectation;
}
