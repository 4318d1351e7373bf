import { keepAliveHintMs } from "@reissue/core/internal";

import { CommandError } from "../exit-code.ts";
import { Connections } from "./connection/connections.ts";
import type { ProbeConnection, ResponseFacts } from "./connection/probe-connection.ts";
import type { Target } from "./connection/target.ts";
import { contactError } from "./contact-error.ts";
import { probeHttp2 } from "./http2-probe.ts";
import type { IdleLimit } from "./idle-times.ts";
import { measureIdle, type RequestCount } from "./measure-idle.ts";
import type { KeepAliveHint, ProbeReport, RequestLimit, SilentConnection } from "./probe-report.ts";
import { settingsFor } from "./settings.ts";

/** Bounds of a probe. */
export interface ProbeLimits {
  /** Longest idle time that is measured, in ms. */
  readonly maxIdleMs: number;
  /** Connections that are idle at once. */
  readonly connections: number;
  /** Most requests on one connection. */
  readonly maxRequests: number;
}

/** Time in which a server that closes each connection does so, in ms: a round trip, and a busy event loop. */
const settleMs = 250;

/** How much longer than the idle connections the others are watched, in ms: timers of one server differ. */
const afterglowMs = 500;

/** How far a close may be before the announced time, since clocks and timers are coarse. */
const hintTolerance = 0.05;

/**
 * Measures how a server treats its connections.
 *
 * @throws CommandError where it cannot be reached or does not speak HTTP; the signal's reason.
 */
export async function probeServer(
  target: Target,
  limits: ProbeLimits,
  signal: AbortSignal,
): Promise<ProbeReport> {
  const connections = new Connections(target, signal);
  const startedMs = target.clock.now();
  const counted: RequestCount = { requests: 0 };
  try {
    const contact = await firstContact(connections, counted);
    const closesAfterResponse = await closing(connections, contact);
    const measured = await measureAll(connections, contact, limits, counted, closesAfterResponse);
    const { facts } = contact;
    const keepAliveHint = hintOf(facts, measured.idle);
    signal.throwIfAborted();
    return {
      url: target.url.href,
      address: connections.address,
      server: facts.server,
      status: facts.status,
      httpVersion: facts.httpVersion,
      closesAfterResponse,
      ...measured,
      keepAliveHint,
      settings: settingsFor(target.url.origin, measured.idle, keepAliveHint?.timeoutMs ?? null),
      used: {
        connections: connections.count,
        requests: counted.requests,
        ms: Math.round(target.clock.now() - startedMs),
      },
    };
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof CommandError ? error : contactError(error, target.url);
  } finally {
    connections.close();
  }
}

/** The first connection, and its first response. */
interface Contact {
  readonly connection: ProbeConnection;
  readonly facts: ResponseFacts;
}

async function firstContact(connections: Connections, counted: RequestCount): Promise<Contact> {
  const connection = await connections.open();
  counted.requests += 1;
  return { connection, facts: await connection.send() };
}

/** How the server ends the connection of a response, if it does. */
async function closing(
  connections: Connections,
  { connection, facts }: Contact,
): Promise<ProbeReport["closesAfterResponse"]> {
  if (facts.announcesClose) return "announced";
  await Promise.race([connection.closed, connections.pause(settleMs)]);
  return connection.isOpen ? null : "unannounced";
}

async function measureAll(
  connections: Connections,
  contact: Contact,
  { maxIdleMs, connections: count, maxRequests }: ProbeLimits,
  counted: RequestCount,
  closes: ProbeReport["closesAfterResponse"],
) {
  const idle: Promise<IdleLimit | null> =
    closes === null ? measureIdle(connections, maxIdleMs, count, counted) : Promise.resolve(null);
  // What else is watched must not take longer than the idle connections.
  const watched = idle.then(() => connections.pause(afterglowMs));
  // Its failure is told by the promise before it.
  watched.catch(() => {});
  const isSecure = connections.target.url.protocol === "https:";
  const [limit, requestsPerConnection, silentConnection, http2] = await Promise.all([
    idle,
    closes === null
      ? countRequests(contact.connection, maxRequests, counted)
      : { type: "limit" as const, count: 1, announced: closes === "announced" },
    silent(connections, watched),
    isSecure ? probeHttp2(connections, watched) : null,
  ]);
  return { idle: limit, requestsPerConnection, silentConnection, http2 };
}

/** Sends requests on one connection, one after the other, until the server ends it. */
async function countRequests(
  connection: ProbeConnection,
  maxRequests: number,
  counted: RequestCount,
): Promise<RequestLimit> {
  let count = 1;
  while (count < maxRequests) {
    if (!connection.isOpen) return { type: "limit", count, announced: false };
    counted.requests += 1;
    const facts = await connection.send().catch(() => null);
    if (facts === null) return { type: "limit", count, announced: false };
    count += 1;
    if (facts.announcesClose) return { type: "limit", count, announced: true };
  }
  connection.destroy();
  return { type: "at-least", count };
}

/** Opens a connection and sends nothing. */
async function silent(
  connections: Connections,
  until: Promise<unknown>,
): Promise<SilentConnection> {
  const connection = await connections.open();
  const close = await Promise.race([connection.closed, until.then(() => null)]);
  const afterMs = connection.idleMs;
  connection.destroy();
  if (close === null) return { type: "open", afterMs };
  return { type: "closed", afterMs: close.idleMs, by: close.by, with408: close.with408 };
}

function hintOf({ keepAlive }: ResponseFacts, idle: IdleLimit | null): KeepAliveHint | null {
  if (keepAlive === null) return null;
  const timeoutMs = keepAliveHintMs(keepAlive);
  return { value: keepAlive, timeoutMs, isTrue: keeps(timeoutMs, idle) };
}

function keeps(timeoutMs: number | null, idle: IdleLimit | null): boolean | null {
  if (timeoutMs === null || idle === null) return null;
  if (idle.type !== "keeps") return idle.fromMs >= timeoutMs * (1 - hintTolerance);
  return idle.atLeastMs >= timeoutMs * (1 - hintTolerance) ? true : null;
}
