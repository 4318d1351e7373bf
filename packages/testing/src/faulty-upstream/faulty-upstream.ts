import { setImmediate } from "node:timers/promises";

import { Controls } from "./controls.ts";
import { checkFaultRules, type FaultRule } from "./faults/fault-plan.ts";
import { checkFault } from "./faults/fault.ts";
import { Listener } from "./http/listener.ts";
import { OpenConnections } from "./open-connections.ts";
import { Traffic } from "./traffic.ts";
import type { FaultyUpstream, UpstreamStats } from "./upstream-api.ts";
import {
  checkRespond,
  upstreamSettings,
  type FaultyUpstreamOptions,
  type UpstreamSettings,
} from "./upstream-options.ts";
import { Waiters } from "./waiters.ts";

/** What tests see of an upstream: its counts, and its switches. */
class Upstream implements FaultyUpstream {
  readonly listener: Listener;
  readonly #host: string;
  readonly #connections = new OpenConnections();
  readonly #controls: Controls;
  readonly #waiters = new Waiters();
  readonly #traffic: Traffic;

  constructor(settings: UpstreamSettings) {
    this.#host = settings.host;
    this.listener = new Listener(settings.port, settings.host, (socket) =>
      this.#traffic.accept(socket),
    );
    this.#controls = new Controls(this.listener, this.#connections.all);
    this.#traffic = new Traffic(settings, this.#connections, this.#controls, this.#waiters);
  }

  get port(): number {
    return this.listener.port;
  }
  get origin(): string {
    const host = this.#host.includes(":") ? `[${this.#host}]` : this.#host;
    return `http://${host}:${this.port}`;
  }
  get effects(): FaultyUpstream["effects"] {
    return this.#traffic.log.effects;
  }
  get processedCount(): number {
    return this.#traffic.log.processed;
  }
  get received(): number {
    return this.#traffic.log.received;
  }
  get connections(): number {
    return this.#connections.accepted;
  }
  get open(): number {
    return this.#connections.all.size;
  }
  get late(): number {
    return this.#traffic.late;
  }
  get requests(): FaultyUpstream["requests"] {
    return this.#traffic.log.requests();
  }

  duplicates(): string[] {
    return this.#traffic.log.duplicates();
  }

  stats(): UpstreamStats {
    const { heads, received, processed, faults } = this.#traffic.log;
    const { connections, open, late } = this;
    return {
      heads,
      received,
      processed,
      connections,
      open,
      late,
      faults: Object.fromEntries(faults),
    };
  }

  setFaults(rules: Parameters<FaultyUpstream["setFaults"]>[0]): void {
    checkFaultRules("faults", rules);
    this.#traffic.plan.setRules(rules);
  }

  addFault(rule: FaultRule): void {
    checkFaultRules("faults", [rule]);
    this.#traffic.plan.addRule(rule);
  }

  script(faults: Parameters<FaultyUpstream["script"]>[0]): void {
    for (const [index, fault] of faults.entries())
      if (fault !== null) checkFault(`script[${index}]`, fault);
    this.#traffic.plan.setScript(faults);
  }

  setRespond(respond: UpstreamSettings["respond"]): void {
    checkRespond("respond", respond);
    this.#traffic.responder.set(respond);
  }

  killIdle(options?: Parameters<FaultyUpstream["killIdle"]>[0]): number {
    return this.#controls.killIdle(options);
  }

  killAll(options?: Parameters<FaultyUpstream["killAll"]>[0]): number {
    return this.#controls.killAll(options);
  }

  restart(options?: Parameters<FaultyUpstream["restart"]>[0]): Promise<void> {
    return this.#controls.restart(options);
  }

  refuse(): Promise<void> {
    return this.#controls.refuse();
  }

  accept(): Promise<void> {
    return this.#controls.accept();
  }

  until(condition: (stats: UpstreamStats) => boolean, timeoutMs: number = 2_000): Promise<void> {
    return this.#waiters.wait(() => condition(this.stats()), timeoutMs);
  }

  clear(): void {
    this.#traffic.log.clear();
    this.#traffic.late = 0;
  }

  async close(): Promise<void> {
    await this.#controls.close();
    await Promise.all([this.listener.drained(), this.#connections.destroy()]);
    this.#waiters.close();
    // Node emits `close` before libuv releases the handles, at the end of an event loop turn.
    await setImmediate();
    await setImmediate();
  }
}

/**
 * Opens an HTTP/1.1 origin on a real socket that fails on purpose, and counts every side effect.
 *
 * @throws OptionError with the option's path; the system's error when the port is taken
 * @example
 * ```ts
 * const upstream = await faultyUpstream({ faults: [{ fault: "reset", on: "reused", probability: 0.1 }] });
 * await fetch(upstream.origin, { method: "POST", headers: { "x-request-id": "1" }, body: "…" });
 * console.log(upstream.duplicates(), upstream.stats());
 * await upstream.close();
 * ```
 */
export async function faultyUpstream(options: FaultyUpstreamOptions = {}): Promise<FaultyUpstream> {
  const upstream = new Upstream(upstreamSettings(options));
  await upstream.listener.open();
  return upstream;
}
