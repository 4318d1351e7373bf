import type { Socket } from "node:net";

import type { Controls } from "./controls.ts";
import {
  actsAtHead,
  actsBeforeProcessing,
  applyFault,
  type FaultHost,
} from "./faults/apply-fault.ts";
import { FaultPlan } from "./faults/fault-plan.ts";
import type { Closing } from "./faults/fault.ts";
import { Connection, type ConnectionHost, type Exchange } from "./http/connection.ts";
import type { RequestBody } from "./http/request-body.ts";
import type { UpstreamResponse } from "./http/response.ts";
import type { OpenConnections } from "./open-connections.ts";
import { RequestLog } from "./request-log.ts";
import { Responder } from "./responder.ts";
import type { UpstreamSettings } from "./upstream-options.ts";
import type { Waiters } from "./waiters.ts";

/** Requests and connections of an upstream: logs each request, and gives it its fault or its response. */
export class Traffic implements ConnectionHost, FaultHost {
  readonly log: RequestLog;
  readonly plan: FaultPlan;
  readonly responder: Responder;
  readonly idleTimeoutMs: number;
  readonly idleClose: Closing | "408";
  readonly keepBodyBytes: number;
  /** Times that bytes arrived after the upstream had closed its side. */
  late = 0;
  readonly #connections: OpenConnections;
  readonly #controls: Controls;
  readonly #waiters: Waiters;

  constructor(
    settings: UpstreamSettings,
    connections: OpenConnections,
    controls: Controls,
    waiters: Waiters,
  ) {
    this.idleTimeoutMs = settings.idleTimeoutMs;
    this.idleClose = settings.idleClose;
    this.keepBodyBytes = settings.keepBodyBytes;
    this.log = new RequestLog(settings.maxRequests, settings.honourKeys);
    this.plan = new FaultPlan(settings.seed);
    this.plan.setRules(settings.faults);
    this.responder = new Responder(settings);
    this.#connections = connections;
    this.#controls = controls;
    this.#waiters = waiters;
  }

  /** Begins to read requests from an accepted socket. */
  accept(socket: Socket): void {
    this.#connections.accepted += 1;
    const connection = new Connection(socket, this.#connections.accepted, this);
    this.#connections.add(connection);
    if (this.#controls.isClosed) connection.destroy();
    this.#waiters.check();
  }

  onHead(connection: Connection, exchange: Exchange): boolean {
    const { fault } = exchange;
    this.#waiters.check();
    if (fault === null) return true;
    if (fault.fault === "kill-idle") this.#controls.killIdle({ with: fault.with });
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
    this.#controls.restart({ downMs, with: closing }).catch(() => {});
  }

  onLate(): void {
    this.late += 1;
    this.#waiters.check();
  }

  onClose(connection: Connection): void {
    this.#connections.delete(connection);
    this.#waiters.check();
  }

  respond(exchange: Exchange, use: (response: UpstreamResponse) => void): void {
    this.responder.respond(exchange, use);
  }

  send(connection: Connection, exchange: Exchange, response: UpstreamResponse): void {
    this.responder.send(connection, exchange, response);
  }
}
