import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setImmediate } from "node:timers";

import { OptionError, systemClock, type Clock } from "@reissue/core";
import { checkDuration, checkKeys, processGates } from "@reissue/core/internal";

import { publishServer } from "../diagnostics/publish-server.ts";
import { markDraining } from "./draining.ts";
import { openSockets } from "./open-sockets.ts";

/** How often a closing server's connections are counted, in ms. */
const sweepMs = 50;

/** How long a server that had connections has to be without one to be idle, in ms. */
const idleAfterMs = 500;

/** The longest event loop turn in which a new connection is unlikely, in ms. */
const shortTurnMs = 0.2;

/** The longest wait for such a turn, in ms and in turns. */
const maxQuietWaitMs = 200;
const maxTurns = 10_000;

/** Methods of a server that a drain uses. */
const methods = [
  "close",
  "closeAllConnections",
  "closeIdleConnections",
  "getConnections",
  "off",
  "on",
  "prependListener",
] as const;

/** A server of node:http or node:https; Express, Koa and Fastify each create one. */
export type DrainableServer = Pick<Server, (typeof methods)[number]>;

/** Options of {@link drain}. */
export interface DrainOptions {
  /**
   * How long the server goes on accepting requests, in ms, each response with `Connection: close`; longer than the load
   * balancer takes to stop sending requests here. A server without any connection closes at once.
   *
   * @defaultValue 5000
   */
  readonly lameDuckMs?: number | undefined;
  /**
   * When connections that are still open are destroyed, in ms from the call.
   *
   * @defaultValue 25000: 5 s before Kubernetes ends the process, after `terminationGracePeriodSeconds` of 30 s
   */
  readonly deadlineMs?: number | undefined;
  /** Time and timers, for tests. */
  readonly clock?: Clock | undefined;
}

/** Connections that were open at the deadline of a {@link drain}. */
export interface Drained {
  /** The number of connections that were destroyed. */
  readonly destroyed: number;
  /** The number that are still open and keep the process alive: upgraded ones that only the application knows. */
  readonly left: number;
}

/**
 * Closes a server without losing requests that are on their way.
 *
 * A plain `close` resets requests that the load balancer writes at that moment on an idle connection. Here the server
 * first announces with each response that its connection ends (RFC 9112 §9.6), and only then stops listening.
 *
 * The application has to end upgraded connections, such as WebSockets, in their own protocol, on the same signal. One that
 * is not ended delays the drain until its deadline, and is destroyed then if it was accepted after `keepAlive(server)`, or
 * after this call without it; Node does not list older ones, which are `left`.
 *
 * @example
 * ```js
 * process.once("SIGTERM", () => drain(server, { lameDuckMs: 10_000 }).then(() => process.exit()));
 * ```
 *
 * @returns how many connections were destroyed at the deadline, and how many could not be, once every connection is closed
 * or the deadline has passed.
 * @throws {@link OptionError} with the path of the first wrong option; with `server` for anything but a server of node:http
 * or node:https. End the sessions of an HTTP/2 server one by one, with their own `close`.
 */
export async function drain(server: DrainableServer, options: DrainOptions = {}): Promise<Drained> {
  checkServer(server);
  checkKeys(options, "options", ["lameDuckMs", "deadlineMs", "clock"]);
  const lameDuckMs = checkDuration(options.lameDuckMs, "lameDuckMs", 5000);
  const deadlineMs = checkDuration(options.deadlineMs, "deadlineMs", 25_000);
  const clock = options.clock ?? systemClock;
  const startsAtMs = clock.now();
  const sockets = openSockets(server);
  server.prependListener("request", announceClose);
  markDraining(server);
  processGates.draining += 1;
  publishServer({ event: "drain-start", server });
  let drained: Drained = { destroyed: 0, left: 0 };
  try {
    drained = await end(server, sockets, clock, { startsAtMs, lameDuckMs, deadlineMs });
  } finally {
    processGates.draining -= 1;
    const durationMs = clock.now() - startsAtMs;
    publishServer({ event: "drain-end", server, durationMs, ...drained });
  }
  return drained;
}

/** Goes on serving for the lame duck period, then closes the server and waits for its connections. */
async function end(
  server: DrainableServer,
  sockets: ReadonlySet<Socket>,
  clock: Clock,
  {
    startsAtMs,
    lameDuckMs,
    deadlineMs,
  }: { readonly startsAtMs: number; readonly lameDuckMs: number; readonly deadlineMs: number },
): Promise<Drained> {
  const endsAtMs = startsAtMs + deadlineMs;
  await lameDuck(server, clock, Math.min(lameDuckMs, deadlineMs));
  await waitForQuietTick(server, clock);
  // An error says that the server was closed before.
  server.close(() => {});
  for (;;) {
    // Responses that were under way before the drain have not announced the close.
    server.closeIdleConnections();
    const open = await connections(server);
    if (open === 0) return { destroyed: 0, left: 0 };
    const remainingMs = endsAtMs - clock.now();
    if (remainingMs <= 0) {
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      const left = await connections(server);
      return { destroyed: open - left, left };
    }
    await wait(clock, Math.min(sweepMs, remainingMs));
  }
}

/**
 * Lets a server go on serving, until the time is over or nothing uses it: it has no connection at the start, or has had
 * none for a while. An idle connection counts, since the load balancer may write on it.
 */
async function lameDuck(server: DrainableServer, clock: Clock, lameDuckMs: number): Promise<void> {
  const startsAtMs = clock.now();
  if ((await connections(server)) === 0) return;
  let usedAtMs = startsAtMs;
  // A connection that is closed with its response may not be there when connections are counted.
  const use = (): void => void (usedAtMs = clock.now());
  server.on("connection", use);
  for (;;) {
    if ((await connections(server)) > 0) use();
    const nowMs = clock.now();
    const remainingMs = Math.min(startsAtMs + lameDuckMs, usedAtMs + idleAfterMs) - nowMs;
    if (remainingMs <= 0) break;
    await wait(clock, Math.min(sweepMs, remainingMs));
  }
  server.off("connection", use);
}

function checkServer(server: unknown): void {
  const isObject = (typeof server === "object" && server !== null) || typeof server === "function";
  for (const method of methods) {
    if (isObject && typeof (server as Record<string, unknown>)[method] === "function") continue;
    const kind = "must be a server of node:http or node:https (not of node:http2)";
    throw new OptionError("server", `${kind}, with a ${method} method`);
  }
}

/** Has a request's response sent with `Connection: close`. */
function announceClose(_request: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false;
}

/**
 * Waits for a short event loop turn without new connections.
 *
 * Closing resets the connections that the system has accepted and the server has not, and a load balancer may have written
 * a request on each. After such a turn there are hardly ever any.
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
    if (nowMs - startsAtMs > maxQuietWaitMs) break;
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
