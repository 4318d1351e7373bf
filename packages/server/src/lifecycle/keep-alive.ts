import type { Server } from "node:http";

import { OptionError } from "@reissue/core";
import { checkKeys, checkNumber, describe } from "@reissue/core/internal";

import { balancerIdleMs, type Balancer } from "./balancers.ts";
import { openSockets } from "./open-sockets.ts";

/** By how much a server must outlast its balancer, in ms: what is on its way when the balancer's time is over. */
const marginMs = 5000;

/** A server of node:http or node:https; Express, Koa and Fastify each make one. */
export type HttpServer = Pick<Server, "on" | "once" | "listening"> & {
  keepAliveTimeout?: number;
  timeout?: number;
  maxRequestsPerSocket?: number | null;
};

/** Options of {@link keepAlive}. */
export interface KeepAliveOptions {
  /** What stands before the server; of several the most patient counts. */
  readonly behind?: Balancer | readonly Balancer[] | undefined;
  /** For how long it keeps an idle connection, in ms, where that is not the default of `behind`. */
  readonly idleMs?: number | undefined;
}

/**
 * Makes a server keep idle connections for longer than what stands before it does.
 *
 * Otherwise the balancer may write a request on a connection that the server closes at that moment, and its client gets
 * 502: Node's own 5 s are shorter than nearly every balancer's. Where something else closes connections earlier, it
 * warns (`process.emitWarning`, code `REISSUE_KEEP_ALIVE`). From the call on it also remembers which connections are open,
 * upgraded ones included, so that {@link drain} can end them.
 *
 * @example
 * ```js
 * const server = app.listen(8080);
 * keepAlive(server, { behind: "aws-alb" });
 * ```
 *
 * @returns the time for which the server now keeps them, in ms.
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function keepAlive(server: HttpServer, options: KeepAliveOptions): number {
  checkKeys(options, "options", ["behind", "idleMs"]);
  const keepAliveTimeout = longestIdleMs(options) + marginMs;
  if (server.keepAliveTimeout === undefined) {
    warn("This server has no keepAliveTimeout (HTTP/2?); set its session timeout by hand");
    return keepAliveTimeout;
  }
  server.keepAliveTimeout = keepAliveTimeout;
  // For a drain, which knows none of those that were upgraded before it otherwise.
  openSockets(server);
  const { timeout = 0, maxRequestsPerSocket } = server;
  if (timeout > 0 && timeout < keepAliveTimeout) {
    warn(`server.timeout (${timeout} ms) closes connections before keepAliveTimeout does`);
  }
  if ((maxRequestsPerSocket ?? 0) > 0) {
    warn("server.maxRequestsPerSocket closes connections that the balancer still uses");
  }
  return keepAliveTimeout;
}

function longestIdleMs({ behind, idleMs }: KeepAliveOptions): number {
  const names: readonly unknown[] = behind === undefined ? [] : [behind].flat();
  if (names.length === 0 && idleMs === undefined) {
    throw new OptionError("behind", "must name what stands before the server, or idleMs be given");
  }
  const known = names.map((name) => {
    if (typeof name === "string" && Object.hasOwn(balancerIdleMs, name)) {
      return balancerIdleMs[name as Balancer];
    }
    const all = Object.keys(balancerIdleMs).join(", ");
    throw new OptionError("behind", `must be one of ${all}, got ${describe(name)}`);
  });
  return checkNumber(idleMs, "idleMs", Math.max(...known), { min: 0, max: 86_400_000 });
}

function warn(message: string): void {
  process.emitWarning(message, { code: "REISSUE_KEEP_ALIVE" });
}
