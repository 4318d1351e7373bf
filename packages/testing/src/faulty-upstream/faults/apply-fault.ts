import { setImmediate } from "node:timers";

import type { Connection, Exchange } from "../http/connection.ts";
import type { Closing, Fault } from "./fault.ts";
import { encodeResponse } from "../http/encoded-response.ts";
import { cutShort, drip } from "../http/partial-response.ts";
import type { UpstreamResponse } from "../http/response.ts";

const garbage = "\x16\x03\x01\x02\x00 this is not HTTP\r\n\r\n";

/** Delay before a reset, in ms: libuv reports a reset that it reads together with the last bytes as an orderly end. */
const resetDelayMs = 10;

/** The methods of an upstream that faults use. */
export interface FaultHost {
  /** Calls `use` with the response that the request would have got without the fault. */
  respond(exchange: Exchange, use: (response: UpstreamResponse) => void): void;
  /** Writes a complete response. */
  send(connection: Connection, exchange: Exchange, response: UpstreamResponse): void;
  /** Restarts the upstream; if it cannot listen again, it stays down. */
  onRestart(downMs: number, closing: Closing): void;
}

/** Whether a fault is applied before the side effect is committed. */
export function actsBeforeProcessing(fault: Fault): boolean {
  switch (fault.fault) {
    case "slow":
    case "answer-then-close":
    case "kill-idle":
      return false;
    case "cut-headers":
    case "cut-body":
    case "cut-chunked":
      return fault.when === "before-processing";
    case "reset":
    case "end":
    case "hang":
    case "garbage":
    case "status":
    case "restart":
      return fault.when !== "after-processing";
  }
}

/** Whether a fault is applied when the head has arrived, before the body is read. */
export function actsAtHead(fault: Fault): boolean {
  switch (fault.fault) {
    case "reset":
    case "end":
    case "hang":
    case "garbage":
      return actsBeforeProcessing(fault) && fault.at !== "body-end";
    case "restart":
      return actsBeforeProcessing(fault);
    case "status":
    case "slow":
    case "answer-then-close":
    case "kill-idle":
    case "cut-headers":
    case "cut-body":
    case "cut-chunked":
      return false;
  }
}

/** Applies a fault to a connection. */
export function applyFault(
  host: FaultHost,
  connection: Connection,
  exchange: Exchange,
  fault: Fault,
): void {
  switch (fault.fault) {
    case "reset":
      return connection.later(fault.delayMs ?? 0, () => connection.reset());
    case "end":
      return connection.later(fault.delayMs ?? 0, () => connection.end());
    case "hang":
      return connection.hang();
    case "garbage":
      return connection.later(fault.delayMs ?? 0, () => {
        connection.write(garbage);
        connection.end();
      });
    case "status": {
      const status = fault.status ?? 503;
      const headers: Record<string, string> = { ...fault.headers };
      if (fault.retryAfter !== undefined) headers["Retry-After"] = String(fault.retryAfter);
      const body = fault.body ?? String(status);
      return host.send(connection, exchange, { status, headers, body, delayMs: fault.delayMs });
    }
    case "cut-headers":
    case "cut-body":
    case "cut-chunked":
      return host.respond(exchange, (response) => {
        const closing = fault.with ?? "rst";
        const delayMs = fault.delayMs ?? (closing === "rst" ? resetDelayMs : 0);
        connection.write(cutShort(response, exchange, fault.fault, fault.afterBytes), () =>
          // One event loop turn later a client in this process has read the bytes, however busy it is.
          connection.later(delayMs, () => setImmediate(() => connection.shut(closing))),
        );
      });
    case "slow":
      return host.respond(exchange, (response) => {
        const encoded = encodeResponse(response, {
          method: exchange.request.method,
          close: !exchange.keepAlive,
        });
        const start = fault.from === "body" ? encoded.head.length : 0;
        if (start > 0) connection.write(encoded.head);
        drip(
          connection,
          encoded.wire,
          start,
          fault.chunkBytes ?? 16,
          fault.everyMs ?? 10,
          encoded.close,
        );
      });
    case "answer-then-close":
      return host.respond(exchange, (response) => {
        const encoded = encodeResponse(response, {
          method: exchange.request.method,
          close: !exchange.keepAlive,
        });
        // Never completed: later requests on this connection are not processed, however late the close.
        connection.write(encoded.wire, () =>
          connection.later(fault.delayMs ?? 0, () => connection.shut(fault.with ?? "fin", true)),
        );
      });
    case "restart":
      return host.onRestart(fault.downMs ?? 100, fault.with ?? "rst");
    case "kill-idle":
      // Applied when the head arrived; the request itself is served.
      return;
  }
}
