import { randomInt } from "node:crypto";
import { clearInterval, setInterval, setTimeout } from "node:timers";
import type {
  ContenderMessage,
  DecisionReport,
  StartOrder,
} from "../contender/contender-message.ts";
import { contenders, type ContenderId } from "../contender/contenders.ts";
import { spawnContender } from "../contender/spawn-contender.ts";
import type { Sample } from "../measure/measure.ts";
import { Meter } from "../measure/meter.ts";
import type { ChildLink } from "../process/child-link.ts";
import type { RaceCall } from "../contender/race-call.ts";
import { raceTimeline, type RaceTimeline } from "../race/timeline.ts";
import { faultRules } from "../settings/fault-rules.ts";
import type { LabSettings } from "../settings/settings.ts";
import { spawnUpstream } from "../upstream/spawn-upstream.ts";
import type { UpstreamMessage, UpstreamOrder } from "../upstream/upstream-message.ts";

/** Time between two samples, in ms. */
export const sampleEveryMs = 500;

/** Time until the upstream has seen the end of a race, in ms: an RST may still be on its way when the caller knows. */
const traceAfterMs = 50;

/** Receiver of what a run finds. */
export interface RunListener {
  onBegin(): void;
  onSample(sample: Sample): void;
  onRace(race: RaceTimeline): void;
  onDecision(report: DecisionReport): void;
  /** Told of a process that has ended by itself: the run is worth nothing without it. */
  onFailure(problem: string): void;
}

/** One run: an upstream and four contenders, each in a process of its own, from their start to their end. */
export class Run {
  readonly #settings: LabSettings;
  readonly #listener: RunListener;
  readonly #seed = randomInt(2 ** 31);
  readonly #meters = new Map<ContenderId, Meter>();
  readonly #contenders: ChildLink<StartOrder, ContenderMessage>[] = [];
  readonly #upstream: ChildLink<UpstreamOrder, UpstreamMessage>;
  /** Races of which the upstream has not told its part, by request id. */
  readonly #traced = new Map<string, RaceCall>();
  #origin: string | null = null;
  #ready = 0;
  #sampler: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(settings: LabSettings, listener: RunListener) {
    this.#settings = settings;
    this.#listener = listener;
    const { probability, fault, idleMs } = settings;
    this.#upstream = spawnUpstream(
      (message) => this.#onUpstream(message),
      (reason) => this.#onExit("the upstream", reason),
    );
    const faults = faultRules(fault, probability);
    this.#upstream.send({ type: "open", seed: this.#seed, idleMs, faults });
    for (const { id, name } of contenders) {
      this.#meters.set(id, new Meter());
      const link = spawnContender(
        id,
        (message) => this.#onContender(id, message),
        (reason) => this.#onExit(name, reason),
      );
      this.#contenders.push(link);
    }
  }

  /** Ends all processes; resolves when they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#sampler !== null) clearInterval(this.#sampler);
    await Promise.all([...this.#contenders, this.#upstream].map((child) => child.end()));
  }

  #onUpstream(message: UpstreamMessage): void {
    if (message.type === "opened") {
      this.#origin = message.origin;
      this.#beginWhenReady();
    } else if (message.type === "twice") {
      for (const [id, meter] of this.#meters) meter.twice = message.counts[id] ?? 0;
    } else {
      this.#onTrace(message);
    }
  }

  #onContender(id: ContenderId, message: ContenderMessage): void {
    if (message.type === "ready") {
      this.#ready += 1;
      this.#beginWhenReady();
    } else if (message.type === "load") {
      this.#meters.get(id)?.add(message);
    } else if (message.type === "decision") {
      if (!this.#isClosed) this.#listener.onDecision(message);
    } else {
      this.#trace(message.call);
    }
  }

  /** Starts the load in all contenders at once, when all of them are ready. */
  #beginWhenReady(): void {
    const origin = this.#origin;
    if (origin === null || this.#ready < contenders.length || this.#isClosed) return;
    for (const contender of this.#contenders) {
      contender.send({ type: "start", origin, settings: this.#settings, seed: this.#seed });
    }
    this.#listener.onBegin();
    let ticks = 0;
    this.#sampler = setInterval(() => {
      ticks += 1;
      this.#listener.onSample(this.#sample(ticks * sampleEveryMs));
    }, sampleEveryMs);
  }

  #sample(atMs: number): Sample {
    const entries = [...this.#meters].map(([id, meter]) => [id, meter.measure()]);
    return { atMs, of: Object.fromEntries(entries) as Sample["of"] };
  }

  #trace(call: RaceCall): void {
    this.#traced.set(call.id, call);
    const ports = call.events.map(({ port }) => port);
    const order = { type: "trace", id: call.id, ports: [...new Set(ports)] } as const;
    setTimeout(() => this.#upstream.send(order), traceAfterMs);
  }

  #onTrace({ id, events, processed }: UpstreamMessage & { readonly type: "trace" }): void {
    const call = this.#traced.get(id);
    this.#traced.delete(id);
    const race = call === undefined ? null : raceTimeline(call, events, processed);
    if (race !== null && !this.#isClosed) this.#listener.onRace(race);
  }

  #onExit(name: string, reason: string): void {
    if (!this.#isClosed) this.#listener.onFailure(`The process of ${name} ${reason}`);
  }
}
