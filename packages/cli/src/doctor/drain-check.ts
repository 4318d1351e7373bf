import type { Connections } from "../probe/connection/connections.ts";
import type { ProbeConnection } from "../probe/connection/probe-connection.ts";
import type { Exit, ServerCommand } from "./server-command.ts";

/** Clients that send through the shutdown, each on a connection of its own. */
const clients = 4;

/** Pause of a client between two requests, in ms. */
const pauseMs = 10;

/** How long the clients send before the signal, in ms. */
const leadMs = 300;

/** How long the clients go on once the process has ended, in ms. */
const afterExitMs = 50;

/** What clients saw of a shutdown; times are in ms from the signal. */
export interface DrainObservation {
  /** Responses after the signal. */
  readonly responses: number;
  /** Those of them that announced the end of the connection. */
  readonly announced: number;
  /** Requests after the signal that were written and got no response. */
  readonly lost: number;
  /** When the first new connection was refused; null for never. */
  readonly refusedAtMs: number | null;
  /** How the process ended; null where it had to be killed. */
  readonly exit: (Omit<Exit, "atMs"> & { readonly afterMs: number }) | null;
}

/** Counts while the clients run. */
interface Counts {
  signalledAtMs: number | null;
  responses: number;
  announced: number;
  lost: number;
  refusedAtMs: number | null;
}

/**
 * Ends a server by SIGTERM under the requests of clients that keep their connections, as a load balancer does, and that
 * use no connection whose end was announced.
 *
 * @param timeoutMs - When the process is given up.
 */
export async function checkDrain(
  connections: Connections,
  command: ServerCommand,
  timeoutMs: number,
): Promise<DrainObservation> {
  const { clock } = connections.target;
  const counts: Counts = {
    signalledAtMs: null,
    responses: 0,
    announced: 0,
    lost: 0,
    refusedAtMs: null,
  };
  const running = { clients: true };
  const sending = Array.from({ length: clients }, () => runClient(connections, counts, running));
  const all = Promise.all(sending);
  // Its failure is told below.
  all.catch(() => {});
  await connections.pause(leadMs);
  command.checkRunning();
  const signalledAtMs = clock.now();
  counts.signalledAtMs = signalledAtMs;
  command.terminate();
  await Promise.race([command.exited, connections.pause(timeoutMs)]);
  await connections.pause(afterExitMs);
  running.clients = false;
  await all;
  const { exit } = command;
  const { responses, announced, lost, refusedAtMs } = counts;
  return {
    responses,
    announced,
    lost,
    refusedAtMs,
    exit:
      exit === null
        ? null
        : { code: exit.code, signal: exit.signal, afterMs: exit.atMs - signalledAtMs },
  };
}

/** Sends one request after the other, until it is told to stop. */
async function runClient(
  connections: Connections,
  counts: Counts,
  running: { readonly clients: boolean },
): Promise<void> {
  let connection: ProbeConnection | null = null;
  while (running.clients) {
    if (connection?.isOpen !== true) connection = await opened(connections, counts);
    if (connection !== null && !(await sent(connection, counts))) {
      connection.destroy();
      connection = null;
    }
    await connections.pause(pauseMs);
  }
  connection?.destroy();
}

async function opened(connections: Connections, counts: Counts): Promise<ProbeConnection | null> {
  const { clock } = connections.target;
  try {
    return await connections.open();
  } catch (error) {
    if (counts.signalledAtMs === null) throw error;
    counts.refusedAtMs ??= clock.now() - counts.signalledAtMs;
    return null;
  }
}

/** Sends a request; whether its connection may carry another. */
async function sent(connection: ProbeConnection, counts: Counts): Promise<boolean> {
  const before = counts.signalledAtMs === null;
  try {
    const { announcesClose } = await connection.send();
    if (!before) {
      counts.responses += 1;
      if (announcesClose) counts.announced += 1;
    }
    return !announcesClose;
  } catch {
    // One that was written before the signal was in flight when it came.
    if (counts.signalledAtMs !== null) counts.lost += 1;
    return false;
  }
}
