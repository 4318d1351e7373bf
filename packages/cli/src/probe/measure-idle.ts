import type { Connections } from "./connection/connections.ts";
import type { ProbeConnection } from "./connection/probe-connection.ts";
import {
  bisectedTimes,
  firstTimes,
  idleLimit,
  isSettled,
  type IdleLimit,
  type IdleObservation,
} from "./idle-times.ts";

/** Connections of a round that are only watched, and never written on. */
const watchers = 2;

/** Most rounds of bisection, each of which may take as long as the idle time itself. */
const maxRounds = 4;

/** Longest wait for the other connections once two were closed, in ms, and as a share of their age. */
const maxGraceMs = 5000;
const graceShare = 0.1;
const minGraceMs = 150;

/** Counts what was sent. */
export interface RequestCount {
  requests: number;
}

/**
 * Measures how long a server keeps idle connections, by parallel ones: two are watched, and the others each carry one more
 * request after an idle time of their own, which shows connections that are dropped without a word.
 */
export async function measureIdle(
  connections: Connections,
  maxIdleMs: number,
  count: number,
  counted: RequestCount,
): Promise<IdleLimit> {
  const observations: IdleObservation[] = [];
  let times: readonly number[] = [
    ...firstTimes(maxIdleMs, Math.max(1, count - watchers)),
    ...Array<number>(watchers).fill(Infinity),
  ];
  for (let round = 0; times.length > 0 && round < maxRounds; round += 1) {
    observations.push(...(await runRound(connections, times, maxIdleMs, counted)));
    times = bisectedTimes(idleLimit(observations, maxIdleMs), Math.max(1, count - watchers));
  }
  return idleLimit(observations, maxIdleMs);
}

/** Idle connections of a round, until all have shown something, or enough have. */
async function runRound(
  connections: Connections,
  times: readonly number[],
  maxIdleMs: number,
  counted: RequestCount,
): Promise<readonly IdleObservation[]> {
  const opened = await Promise.all(times.map(() => idleConnection(connections, counted)));
  const observations: IdleObservation[] = [];
  const { clock } = connections.target;
  return new Promise((resolve) => {
    const left = new Set<ProbeConnection>(opened);
    let grace: unknown = null;
    const timers: unknown[] = [];
    const end = (): void => {
      for (const timer of [...timers, grace]) if (timer !== null) clock.clearTimeout(timer);
      for (const each of left) observations.push({ type: "open", idleMs: each.idleMs });
      for (const each of left) each.destroy();
      left.clear();
      resolve(observations);
    };
    const observe = (connection: ProbeConnection, observation: IdleObservation): void => {
      if (!left.delete(connection)) return;
      observations.push(observation);
      connection.destroy();
      if (left.size === 0) return end();
      if (grace !== null || !isSettled(observations)) return;
      const graceMs = Math.min(maxGraceMs, Math.max(minGraceMs, observation.idleMs * graceShare));
      grace = clock.setTimeout(end, graceMs);
    };
    for (const [index, connection] of opened.entries()) {
      void connection.closed.then(({ inFlight, ...close }) => {
        if (!inFlight) observe(connection, { type: "closed", ...close });
      });
      const idleMs = times[index] ?? Infinity;
      const dueMs = Math.max(0, Math.min(idleMs, maxIdleMs) - connection.idleMs);
      const due = (): void => {
        if (idleMs > maxIdleMs) observe(connection, { type: "open", idleMs: maxIdleMs });
        else void tryAgain(connection, counted).then((seen) => observe(connection, seen));
      };
      timers.push(clock.setTimeout(due, dueMs));
    }
    connections.onClosed(end);
  });
}

/** Opens a connection and has it serve one request. */
async function idleConnection(
  connections: Connections,
  counted: RequestCount,
): Promise<ProbeConnection> {
  const connection = await connections.open();
  counted.requests += 1;
  await connection.send();
  return connection;
}

/** Sends a request on a connection that has been idle. */
async function tryAgain(
  connection: ProbeConnection,
  counted: RequestCount,
): Promise<IdleObservation> {
  const { idleMs } = connection;
  counted.requests += 1;
  try {
    await connection.send();
    return { type: "answered", idleMs };
  } catch {
    return { type: "lost", idleMs };
  }
}
