import { clearTimeout, setTimeout } from "node:timers";
import { decisionRows, type DecisionRows } from "@reissue/core/internal";
import type { DecisionReport } from "../contender/contender-message.ts";
import type { ContenderId } from "../contender/contenders.ts";
import type { Sample } from "../measure/measure.ts";
import { litCell } from "../race/lit-cell.ts";
import type { RaceTimeline } from "../race/timeline.ts";
import { defaultSettings, type LabSettings } from "../settings/settings.ts";
import type { LabMessage, LabState, LitDecision } from "./lab-message.ts";
import { Run, sampleEveryMs, type RunListener } from "./run.ts";

/** Longest run, in ms. It bounds the history, and what a tab that was forgotten costs the machine. */
const maxRunMs = 300_000;

/** Time without any page after which a run ends, in ms: longer than it takes to reload one. */
const maxUnwatchedMs = 10_000;

/** Receiver of messages: a page. */
export type LabListener = (message: LabMessage) => void;

/** The laboratory: at most one run at a time, its history, and the pages that watch it. */
export class Laboratory implements RunListener {
  readonly #listeners = new Set<LabListener>();
  readonly #table: DecisionRows = decisionRows();
  readonly #races = new Map<ContenderId, RaceTimeline>();
  readonly #decisions = new Map<string, LitDecision>();
  #state: LabState = { phase: "stopped", settings: defaultSettings, note: null };
  #samples: Sample[] = [];
  #run: Run | null = null;
  /** End of the last change between runs: each waits for the one before. */
  #changed: Promise<void> = Promise.resolve();
  #unwatched: NodeJS.Timeout | null = null;
  #isClosed = false;

  /**
   * Adds a page, which is first told everything.
   *
   * @returns a function that removes it
   */
  watch(listener: LabListener): () => void {
    if (this.#unwatched !== null) clearTimeout(this.#unwatched);
    this.#unwatched = null;
    this.#listeners.add(listener);
    listener({
      type: "hello",
      state: this.#state,
      samples: this.#samples,
      races: [...this.#races.values()],
      decisions: [...this.#decisions.values()],
      table: this.#table,
    });
    return () => this.#unwatch(listener);
  }

  /** Ends the current run, and starts one with these settings. */
  start(settings: LabSettings): Promise<void> {
    return this.#change(async () => {
      await this.#end();
      if (this.#isClosed) return;
      this.#samples = [];
      this.#races.clear();
      this.#decisions.clear();
      this.#setState({ phase: "starting", settings, note: null });
      this.#run = new Run(settings, this);
    });
  }

  /** Ends the current run; what it measured stays. */
  stop(note: string | null = null): Promise<void> {
    return this.#change(async () => {
      if (this.#run === null) return;
      await this.#end();
      this.#setState({ ...this.#state, phase: "stopped", note });
    });
  }

  /** Ends everything for good. */
  close(): Promise<void> {
    this.#isClosed = true;
    if (this.#unwatched !== null) clearTimeout(this.#unwatched);
    return this.stop();
  }

  onBegin(): void {
    this.#setState({ ...this.#state, phase: "running" });
  }

  onSample(sample: Sample): void {
    this.#samples.push(sample);
    this.#publish({ type: "sample", sample });
    if (this.#samples.length * sampleEveryMs >= maxRunMs) {
      void this.stop("The run has ended after five minutes.");
    }
  }

  onRace(race: RaceTimeline): void {
    this.#races.set(race.contender, race);
    this.#publish({ type: "race", race });
  }

  onDecision(report: DecisionReport): void {
    const cell = litCell(this.#table, report);
    if (cell === null) return;
    const key = JSON.stringify(cell);
    const decision = { cell, count: (this.#decisions.get(key)?.count ?? 0) + 1 };
    this.#decisions.set(key, decision);
    this.#publish({ type: "decision", decision });
  }

  onFailure(problem: string): void {
    void this.stop(`${problem}. The run has ended.`);
  }

  #unwatch(listener: LabListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0 || this.#isClosed) return;
    const end = (): void => void this.stop("The run has ended, since no page was open.");
    this.#unwatched = setTimeout(end, maxUnwatchedMs);
  }

  /** Runs changes one after the other, so that no process of a run is forgotten. */
  #change(action: () => Promise<void>): Promise<void> {
    this.#changed = this.#changed.then(action);
    return this.#changed;
  }

  async #end(): Promise<void> {
    const run = this.#run;
    this.#run = null;
    await run?.close();
  }

  #setState(state: LabState): void {
    this.#state = state;
    this.#publish({ type: "state", state });
  }

  #publish(message: LabMessage): void {
    for (const listener of this.#listeners) listener(message);
  }
}
