import type { Socket } from "node:net";
import { clearTimeout, setTimeout } from "node:timers";
import { setImmediate } from "node:timers/promises";
import { Connection, type ConnectionHost, type Exchange } from "./http/connection.ts";
import { encodeResponse, type EncodedResponse } from "./http/encoded-response.ts";
import { checkFault, type Closing } from "./faults/fault.ts";
import { checkFaultRules, FaultPlan } from "./faults/fault-plan.ts";
import { RequestLog } from "./request-log.ts";
import { Listener } from "./http/listener.ts";
import { numberOption, wordOption } from "../option.ts";
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
  readonly ledger: RequestLog;
  readonly plan: FaultPlan;
  readonly idleTimeoutMs: number;
  readonly idleClose: Closing | "408";
  readonly keepBodyBytes: number;
  readonly listener: Listener;
  connections = 0;
  late = 0;
  readonly #settings: UpstreamSettings;
  readonly #open = new Set<Connection>();
  readonly #waiters = new Waiters();
  #respond: UpstreamSettings["respond"];
  /** The whole answer, encoded, while it is the same for all. */
  #constant: EncodedResponse | null = null;
  #restarting: Promise<void> | null = null;
  #wake: (() => void) | null = null;
  #drained: (() => void) | null = null;
  #closed = false;

  constructor(settings: UpstreamSettings) {
    this.#settings = settings;
    this.idleTimeoutMs = settings.idleTimeoutMs;
    this.idleClose = settings.idleClose;
    this.keepBodyBytes = settings.keepBodyBytes;
    this.ledger = new RequestLog(settings.maxRequests, settings.honourKeys);
    this.plan = new FaultPlan(settings.seed);
    this.plan.setRules(settings.faults);
    this.#respond = settings.respond;
    this.listener = new Listener(settings.port, settings.host, (socket) => this.#onSocket(socket));
  }

  get port(): number {
    return this.listener.port;
  }
  get origin(): string {
    const { host } = this.#settings;
    return `http://${host.includes(":") ? `[${host}]` : host}:${this.port}`;
  }
  get effects(): FaultyUpstream["effects"] {
    return this.ledger.effects;
  }
  get processedCount(): number {
    return this.ledger.processed;
  }
  get received(): number {
    return this.ledger.received;
  }
  get open(): number {
    return this.#open.size;
  }
  get requests(): FaultyUpstream["requests"] {
    return this.ledger.requests();
  }

  duplicates(): string[] {
    return this.ledger.duplicates();
  }

  stats(): UpstreamStats {
    const { heads, received, processed, faults } = this.ledger;
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

  killIdle(options: Parameters<FaultyUpstream["killIdle"]>[0] = {}): number {
    return this.#kill(
      options.with,
      (one) => one.idle && (one.requests > 0 || options.unused === true),
    );
  }

  killAll(options: Parameters<FaultyUpstream["killAll"]>[0] = {}): number {
    return this.#kill(options.with, () => true);
  }

  restart(options: Parameters<FaultyUpstream["restart"]>[0] = {}): Promise<void> {
    const limits = { fallback: 100, min: 0, max: 3_600_000, fraction: true };
    const downMs = numberOption("options.downMs", options.downMs, limits);
    this.#restarting ??= this.#restart(downMs, options.with).finally(() => {
      this.#restarting = null;
    });
    return this.#restarting;
  }

  refuse(): Promise<void> {
    return this.listener.stop();
  }

  async accept(): Promise<void> {
    if (!this.#closed) await this.listener.open();
  }

  until(condition: (stats: UpstreamStats) => boolean, timeoutMs: number = 2_000): Promise<void> {
    return this.#waiters.wait(() => condition(this.stats()), timeoutMs);
  }

  clear(): void {
    this.ledger.clear();
    this.late = 0;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.();
    await this.#restarting?.catch(() => {});
    await this.listener.stop();
    for (const connection of this.#open) connection.destroy();
    const drained =
      this.#open.size === 0
        ? Promise.resolve()
        : new Promise<void>((resolve) => (this.#drained = resolve));
    await Promise.all([this.listener.drained(), drained]);
    this.#waiters.close();
    // Node says closed before libuv has let go of the handles, which it does at the end of a turn.
    await setImmediate();
    await setImmediate();
  }

  onHead(connection: Connection, exchange: Exchange): boolean {
    const { fault } = exchange;
    this.#waiters.look();
    if (fault === null) return true;
    if (fault.fault === "kill-idle") this.killIdle({ with: fault.with });
    if (!actsAtHead(fault)) return true;
    applyFault(this, connection, exchange, fault);
    return false;
  }

  onBody(exchange: Exchange, body: RequestBody | null): void {
    this.ledger.body(exchange.request, body);
    this.#waiters.look();
  }

  onWhole(connection: Connection, exchange: Exchange): void {
    const { fault } = exchange;
    if (fault === null || !actsBeforeProcessing(fault)) this.ledger.process(exchange.request);
    this.#waiters.look();
    if (fault !== null && fault.fault !== "kill-idle")
      applyFault(this, connection, exchange, fault);
    else this.respond(exchange, (response) => this.send(connection, exchange, response));
  }

  onRestart(downMs: number, closing: Closing): void {
    this.restart({ downMs, with: closing }).catch(() => {});
  }

  onLate(): void {
    this.late++;
    this.#waiters.look();
  }

  onClose(connection: Connection): void {
    this.#open.delete(connection);
    this.#waiters.look();
    if (this.#open.size === 0) this.#drained?.();
  }

  respond(exchange: Exchange, use: (response: UpstreamResponse) => void): void {
    const respond = this.#respond;
    if (typeof respond !== "function") return use(respond);
    // An answer that cannot be made is the test's mistake: it must be seen, and the connection must not hang.
    const failed = (error: unknown): void =>
      use({ status: 500, body: `options.respond threw: ${String(error)}` });
    try {
      const made = respond(exchange.request);
      if (made instanceof Promise) made.then(use).catch(failed);
      else use(made);
    } catch (error) {
      failed(error);
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
    const common =
      response === this.#respond && exchange.keepAlive && exchange.request.method !== "HEAD";
    if (common && this.#constant !== null) return this.#constant;
    const encoded = encodeResponse(response, {
      method: exchange.request.method,
      close: !exchange.keepAlive,
      keepAliveHint: this.#settings.keepAliveHint,
    });
    if (common) this.#constant = encoded;
    return encoded;
  }

  #onSocket(socket: Socket): void {
    const connection = new Connection(socket, ++this.connections, this);
    this.#open.add(connection);
    if (this.#closed) connection.destroy();
    this.#waiters.look();
  }

  #kill(closing: Closing | undefined, chosen: (connection: Connection) => boolean): number {
    const how = wordOption("options.with", closing, ["rst", "fin"], "rst");
    let killed = 0;
    for (const connection of this.#open) {
      if (!chosen(connection)) continue;
      connection.shut(how, true);
      killed++;
    }
    return killed;
  }

  async #restart(downMs: number, closing: Closing | undefined): Promise<void> {
    await this.listener.stop();
    this.killAll({ with: closing });
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, downMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
    await this.accept();
  }
}

/**
 * Opens an HTTP/1.1 origin that fails as it is told, on a real socket, and counts every side effect.
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
