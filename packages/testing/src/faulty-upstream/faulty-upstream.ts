import type { Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { Connection, type ConnectionHost, type Exchange } from "./http/connection.ts";
import { encodeResponse, type EncodedResponse } from "./http/encoded-response.ts";
import { Controls } from "./controls.ts";
import { checkFault, type Closing } from "./faults/fault.ts";
import { checkFaultRules, FaultPlan, type FaultRule } from "./faults/fault-plan.ts";
import { RequestLog } from "./request-log.ts";
import { Listener } from "./http/listener.ts";
import type { RequestBody } from "./http/request-body.ts";
import type { UpstreamResponse } from "./http/response.ts";
import {
  applyFault,
  actsAtHead,
  actsBeforeProcessing,
  type FaultHost,
} from "./faults/apply-fault.ts";
import type { FaultyUpstream, UpstreamStats } from "./upstream-api.ts";
import {
  checkRespond,
  upstreamSettings,
  type FaultyUpstreamOptions,
  type UpstreamSettings,
} from "./upstream-options.ts";
import { Waiters } from "./waiters.ts";

class Upstream implements FaultyUpstream, ConnectionHost, FaultHost {
  readonly log: RequestLog;
  readonly plan: FaultPlan;
  readonly idleTimeoutMs: number;
  readonly idleClose: Closing | "408";
  readonly keepBodyBytes: number;
  readonly listener: Listener;
  connections = 0;
  late = 0;
  readonly #settings: UpstreamSettings;
  readonly #open = new Set<Connection>();
  readonly #controls: Controls;
  readonly #waiters = new Waiters();
  #respond: UpstreamSettings["respond"];
  /** The encoded response, while it is the same for all requests. */
  #constant: EncodedResponse | null = null;
  #drained: (() => void) | null = null;

  constructor(settings: UpstreamSettings) {
    this.#settings = settings;
    this.idleTimeoutMs = settings.idleTimeoutMs;
    this.idleClose = settings.idleClose;
    this.keepBodyBytes = settings.keepBodyBytes;
    this.log = new RequestLog(settings.maxRequests, settings.honourKeys);
    this.plan = new FaultPlan(settings.seed);
    this.plan.setRules(settings.faults);
    this.#respond = settings.respond;
    this.listener = new Listener(settings.port, settings.host, (socket) => this.#onSocket(socket));
    this.#controls = new Controls(this.listener, this.#open);
  }

  get port(): number {
    return this.listener.port;
  }
  get origin(): string {
    const { host } = this.#settings;
    return `http://${host.includes(":") ? `[${host}]` : host}:${this.port}`;
  }
  get effects(): FaultyUpstream["effects"] {
    return this.log.effects;
  }
  get processedCount(): number {
    return this.log.processed;
  }
  get received(): number {
    return this.log.received;
  }
  get open(): number {
    return this.#open.size;
  }
  get requests(): FaultyUpstream["requests"] {
    return this.log.requests();
  }

  duplicates(): string[] {
    return this.log.duplicates();
  }

  stats(): UpstreamStats {
    const { heads, received, processed, faults } = this.log;
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
    this.plan.setRules(rules);
  }

  addFault(rule: FaultRule): void {
    checkFaultRules("faults", [rule]);
    this.plan.addRule(rule);
  }

  script(faults: Parameters<FaultyUpstream["script"]>[0]): void {
    for (const [index, fault] of faults.entries())
      if (fault !== null) checkFault(`script[${index}]`, fault);
    this.plan.setScript(faults);
  }

  setRespond(respond: UpstreamSettings["respond"]): void {
    checkRespond("respond", respond);
    this.#respond = respond;
    this.#constant = null;
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
    this.log.clear();
    this.late = 0;
  }

  async close(): Promise<void> {
    await this.#controls.close();
    for (const connection of this.#open) connection.destroy();
    const drained =
      this.#open.size === 0
        ? Promise.resolve()
        : new Promise<void>((resolve) => (this.#drained = resolve));
    await Promise.all([this.listener.drained(), drained]);
    this.#waiters.close();
    // Node emits `close` before libuv releases the handles, at the end of an event loop turn.
    await setImmediate();
    await setImmediate();
  }

  onHead(connection: Connection, exchange: Exchange): boolean {
    const { fault } = exchange;
    this.#waiters.check();
    if (fault === null) return true;
    if (fault.fault === "kill-idle") this.killIdle({ with: fault.with });
    if (!actsAtHead(fault)) return true;
    applyFault(this, connection, exchange, fault);
    return false;
  }

  onBody(exchange: Exchange, body: RequestBody | null): void {
    this.log.body(exchange.request, body);
    this.#waiters.check();
  }

  onWhole(connection: Connection, exchange: Exchange): void {
    const { fault } = exchange;
    if (fault === null || !actsBeforeProcessing(fault)) this.log.process(exchange.request);
    this.#waiters.check();
    if (fault !== null && fault.fault !== "kill-idle")
      applyFault(this, connection, exchange, fault);
    else this.respond(exchange, (response) => this.send(connection, exchange, response));
  }

  onRestart(downMs: number, closing: Closing): void {
    this.restart({ downMs, with: closing }).catch(() => {});
  }

  onLate(): void {
    this.late += 1;
    this.#waiters.check();
  }

  onClose(connection: Connection): void {
    this.#open.delete(connection);
    this.#waiters.check();
    if (this.#open.size === 0) this.#drained?.();
  }

  respond(exchange: Exchange, use: (response: UpstreamResponse) => void): void {
    const respond = this.#respond;
    if (typeof respond !== "function") return use(respond);
    // An exception is a mistake of the test's: it must be visible, and the connection must not hang.
    const fail = (error: unknown): void =>
      use({ status: 500, body: `options.respond threw: ${String(error)}` });
    try {
      const result = respond(exchange.request);
      if (result instanceof Promise) result.then(use).catch(fail);
      else use(result);
    } catch (error) {
      fail(error);
    }
  }

  send(connection: Connection, exchange: Exchange, response: UpstreamResponse): void {
    const encoded = this.#encode(response, exchange);
    connection.later(encoded.delayMs, () => {
      connection.write(encoded.wire);
      connection.complete(encoded.close);
    });
  }

  #encode(response: UpstreamResponse, exchange: Exchange): EncodedResponse {
    const isShared =
      response === this.#respond && exchange.keepAlive && exchange.request.method !== "HEAD";
    if (isShared && this.#constant !== null) return this.#constant;
    const encoded = encodeResponse(response, {
      method: exchange.request.method,
      close: !exchange.keepAlive,
      keepAliveHint: this.#settings.keepAliveHint,
    });
    if (isShared) this.#constant = encoded;
    return encoded;
  }

  #onSocket(socket: Socket): void {
    this.connections += 1;
    const connection = new Connection(socket, this.connections, this);
    this.#open.add(connection);
    if (this.#controls.isClosed) connection.destroy();
    this.#waiters.check();
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
