import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { setImmediate } from "node:timers";

import { OptionError, systemClock, type Clock } from "@reissue/core";
import { checkDuration, checkKeys } from "@reissue/core/internal";

import { openSockets } from "./open-sockets.ts";

/** How often a closed server is looked at, in ms. */
const sweepMs = 50;

/** A turn of the event loop in which hardly a connection can have come, in ms. */
const shortTurnMs = 0.2;

/** For how long, in ms and in turns, such a turn is waited for. */
const maxLullMs = 200;
const maxTurns = 10_000;

/** What of a server is used. */
const methods = [
  "close",
  "closeAllConnections",
  "closeIdleConnections",
  "getConnections",
  "off",
  "on",
  "prependListener",
] as const;

/** A server of node:http or node:https; Express, Koa and Fastify each make one. */
export type DrainableServer = Pick<Server, (typeof methods)[number]>;

/** Options of {@link drain}. */
export interface DrainOptions {
  /**
   * For how long the server goes on accepting and answering, each answer with `Connection: close`, in ms; longer than
   * the balancer takes to notice that it should send elsewhere.
   *
   * @defaultValue 5000
   */
  readonly lameDuckMs?: number | undefined;
  /**
   * After how long, in ms from the call, what is still open is destroyed.
   *
   * @defaultValue 30000, Kubernetes' default grace period
   */
  readonly deadlineMs?: number | undefined;
  /** Time; tests put their own here. */
  readonly clock?: Clock | undefined;
}

/** What was open at the deadline of a {@link drain}. */
export interface Drained {
  /** How many connections were destroyed. */
  readonly destroyed: number;
  /** How many are still open and keep the process alive: upgraded ones that nobody but the application knows. */
  readonly left: number;
}

/**
 * Ends a server without losing requests that are on their way.
 *
 * A plain `close` resets what the balancer writes at that moment on a connection that it takes for alive. Here the
 * server first tells it, answer by answer, that the connection ends (RFC 9112 §9.6), and only then stops to listen.
 *
 * A connection that was upgraded, such as a WebSocket's, is told nothing: ending it in its own protocol is the
 * application's part, on the same signal, and one that is not ended holds the drain until its deadline. There it is
 * destroyed if it came after `keepAlive(server)`, or else after this call; Node names older ones to nobody, and they
 * are `left`.
 *
 * @example
 * ```js
 * process.once("SIGTERM", () => drain(server, { lameDuckMs: 10_000 }).then(() => process.exit()));
 * ```
 *
 * @returns once every connection is closed, or the deadline has passed: how many had to be destroyed then, and how many
 * could not be.
 * @throws {@link OptionError} with the path of the first wrong option; with `server` where that is none of node:http's or
 * node:https's. The sessions of an HTTP/2 server are ended one by one, with their own `close`.
 */
export async function drain(server: DrainableServer, options: DrainOptions = {}): Promise<Drained> {
  checkServer(server);
  checkKeys(options, "options", ["lameDuckMs", "deadlineMs", "clock"]);
  const lameDuckMs = checkDuration(options.lameDuckMs, "lameDuckMs", 5000);
  const deadlineMs = checkDuration(options.deadlineMs, "deadlineMs", 30_000);
  const clock = options.clock ?? systemClock;
  const endsAtMs = clock.now() + deadlineMs;
  const sockets = openSockets(server);
  server.prependListener("request", lastOnItsConnection);
  await wait(clock, Math.min(lameDuckMs, deadlineMs));
  await waitForQuietTick(server, clock);
  // That it may have been closed already is no news.
  server.close(() => {});
  for (;;) {
    // What was under way before the drain has not been told that its connection ends.
    server.closeIdleConnections();
    const open = await connections(server);
    if (open === 0) return { destroyed: 0, left: 0 };
    const leftMs = endsAtMs - clock.now();
    if (leftMs <= 0) {
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      const left = await connections(server);
      return { destroyed: open - left, left };
    }
    await wait(clock, Math.min(sweepMs, leftMs));
  }
}

function checkServer(server: unknown): void {
  const isAny = (typeof server === "object" && server !== null) || typeof server === "function";
  for (const method of methods) {
    if (isAny && typeof (server as Record<string, unknown>)[method] === "function") continue;
    const kind = "must be a server of node:http or node:https (not of node:http2)";
    throw new OptionError("server", `${kind}, with a ${method} method`);
  }
}

/** Answers a request with `Connection: close`. */
function lastOnItsConnection(_request: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false;
}

/**
 * Waits for a short turn of the event loop in which no connection came.
 *
 * The system resets the connections that it has taken and the server has not accepted yet, and a balancer may have
 * written a request on each; after such a turn there is hardly ever one.
 */
async function waitForQuietTick(server: DrainableServer, clock: Clock): Promise<void> {
  let accepted = 0;
  const count = (): void => void (accepted += 1);
  server.on("connection", count);
  const startsAtMs = clock.now();
  for (let turn = 0; turn < maxTurns; turn += 1) {
    accepted = 0;
    const turnsAtMs = clock.now();
    await new Promise((resolve) => setImmediate(resolve));
    const nowMs = clock.now();
    if (accepted === 0 && nowMs - turnsAtMs < shortTurnMs) break;
    if (nowMs - startsAtMs > maxLullMs) break;
  }
  server.off("connection", count);
}

function connections(server: DrainableServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

function wait(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.setTimeout(resolve, ms));
}
