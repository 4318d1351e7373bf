import type { Server } from "node:http";

import { OptionError } from "@reissue/core";
import {
  balancerIdleMs,
  balancerMarginMs,
  checkKeys,
  checkNumber,
  describe,
  isBalancer,
  type Balancer,
} from "@reissue/core/internal";

import { watchIdleCloses } from "./idle-closes.ts";
import { openSockets } from "./open-sockets.ts";

/** A server of node:http or node:https; Express, Koa and Fastify each create one. */
export type HttpServer = Pick<Server, "on" | "once" | "listening"> & {
  keepAliveTimeout?: number;
  timeout?: number;
  maxRequestsPerSocket?: number | null;
};

/** Options of {@link keepAlive}. */
export interface KeepAliveOptions {
  /** The load balancer before the server; of several the one that keeps idle connections longest counts. */
  readonly behind?: Balancer | readonly Balancer[] | undefined;
  /** How long the load balancer keeps an idle connection, in ms, where that is not the default of `behind`. */
  readonly idleMs?: number | undefined;
}

/**
 * Makes a server keep idle connections for longer than the load balancer before it.
 *
 * Otherwise the load balancer may write a request on a connection that the server closes at that moment, and the client
 * gets 502: Node's default of 5 s is shorter than nearly every load balancer's. Warns where something else closes
 * connections earlier (`process.emitWarning`, code `REISSUE_KEEP_ALIVE`). Also tracks the open connections from the call
 * on, upgraded ones included, so that {@link drain} can end them, and publishes on the channel `reissue:server` each idle
 * one that the server closes before its load balancer does.
 *
 * @example
 * ```js
 * const server = app.listen(8080);
 * keepAlive(server, { behind: "aws-alb" });
 * ```
 *
 * @returns how long the server now keeps idle connections, in ms.
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function keepAlive(server: HttpServer, options: KeepAliveOptions): number {
  checkKeys(options, "options", ["behind", "idleMs"]);
  const keepAliveTimeout = longestIdleMs(options) + balancerMarginMs;
  // An application has most of a server's methods.
  if (typeof (server as Partial<HttpServer> | null)?.listening !== "boolean") {
    throw new OptionError(
      "server",
      `must be a server, such as app.listen() returns, got ${describe(server)}`,
    );
  }
  if (server.keepAliveTimeout === undefined) {
    warn("This server has no keepAliveTimeout (HTTP/2?); set its session timeout by hand");
    return keepAliveTimeout;
  }
  server.keepAliveTimeout = keepAliveTimeout;
  // For a later drain: connections that have been upgraded by then are not listed anywhere else.
  openSockets(server);
  watchIdleCloses(server);
  const { timeout = 0, maxRequestsPerSocket } = server;
  if (timeout > 0 && timeout < keepAliveTimeout) {
    warn(`server.timeout (${timeout} ms) closes connections before keepAliveTimeout does`);
  }
  if ((maxRequestsPerSocket ?? 0) > 0) {
    warn("server.maxRequestsPerSocket closes connections that the load balancer still uses");
  }
  return keepAliveTimeout;
}

function longestIdleMs({ behind, idleMs }: KeepAliveOptions): number {
  const names: readonly unknown[] = behind === undefined ? [] : [behind].flat();
  if (names.length === 0 && idleMs === undefined) {
    throw new OptionError(
      "behind",
      "must name the load balancer before the server, unless idleMs is given",
    );
  }
  const idleTimes = names.map((name) => {
    if (isBalancer(name)) return balancerIdleMs[name];
    const all = Object.keys(balancerIdleMs).join(", ");
    throw new OptionError("behind", `must be one of ${all}, got ${describe(name)}`);
  });
  return checkNumber(idleMs, "idleMs", Math.max(...idleTimes), { min: 0, max: 86_400_000 });
}

function warn(message: string): void {
  process.emitWarning(message, { code: "REISSUE_KEEP_ALIVE" });
}
