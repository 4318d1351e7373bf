import { systemClock } from "@reissue/core";

import { sqlState } from "./execute.ts";
import type { PostgresClient, PostgresPool, PostgresResult, PostgresStatement } from "./pool.ts";
import { SpareConnection, type SpareClient } from "./spare-connection.ts";

/** What of pg's `Pool` is used beyond what a store needs. A pool of another kind may not have it. */
interface CountingPool extends PostgresPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly ending: boolean;
  readonly options: {
    readonly max: number;
    readonly onConnect?: (client: SpareClient) => unknown;
  };
  readonly Client: new (options: object) => SpareClient;
  emit(event: "connect" | "remove", client: SpareClient): boolean;
}

/**
 * How long a statement waits for the pool while all of its connections are in use, in ms. A pool that is only busy gives one
 * back within that: statements of a web service take some ms.
 */
const patienceMs = 20;

/**
 * The most statements that wait for the connection beside the pool: some 50 ms' worth. More of them wait for the pool, of
 * whose connections one comes back with each that has been served here.
 */
const maxWaiting = 100;

/**
 * Runs the statements that end a claim or renew it: on the pool, or, where none of its connections comes free, on one more
 * of the same kind.
 *
 * Who holds the pool's connections may be waiting for just that: a handler that streams what it reads from the database
 * gives its connection back when its response has ended, which is when the response is kept.
 */
export function settlingPool(pool: PostgresPool): Pick<PostgresPool, "query"> {
  if (!isCounting(pool)) return pool;
  const spare = new SpareConnection(
    () => new pool.Client(pool.options),
    async (client) => {
      await pool.options.onConnect?.(client);
      pool.emit("connect", client);
    },
    (client) => void pool.emit("remove", client),
  );
  return {
    query: (statement) =>
      isTaken(pool) ? queryWith(pool, spare, statement) : pool.query(statement),
  };
}

/** Runs a statement on what is free first. */
function queryWith(
  pool: PostgresPool,
  spare: SpareConnection,
  statement: PostgresStatement,
): Promise<PostgresResult> {
  return new Promise((resolve, reject) => {
    let isElsewhere = false;
    const timer = systemClock.setTimeout(() => {
      if (spare.waiting >= maxWaiting) return;
      isElsewhere = true;
      spare.query(statement).then(resolve, reject);
    }, patienceMs);
    pool.connect().then(
      (client) => {
        systemClock.clearTimeout(timer);
        if (isElsewhere) client.release();
        else queryOn(client, statement).then(resolve, reject);
      },
      (error: Error) => {
        systemClock.clearTimeout(timer);
        if (!isElsewhere) reject(error);
      },
    );
  });
}

/** Runs one statement on a connection, and gives that back. */
async function queryOn(
  client: PostgresClient,
  statement: PostgresStatement,
): Promise<PostgresResult> {
  let broken: Error | undefined;
  // pg takes its own listener off while the connection is out; a cut one would end the process.
  const onError = (error: Error): void => void (broken = error);
  client.on("error", onError);
  try {
    return await client.query(statement);
  } catch (error) {
    if (sqlState(error) === null) broken ??= error as Error;
    throw error;
  } finally {
    client.release(broken);
    client.removeListener("error", onError);
  }
}

function isCounting(pool: PostgresPool): pool is CountingPool {
  const { totalCount, idleCount, waitingCount, options, Client, emit } =
    pool as Partial<CountingPool>;
  const counts = [totalCount, idleCount, waitingCount, options?.max];
  return (
    counts.every((count) => typeof count === "number") &&
    typeof Client === "function" &&
    typeof emit === "function"
  );
}

/** Whether a statement would have to wait for somebody to give a connection back. */
function isTaken({
  totalCount,
  idleCount,
  waitingCount,
  ending,
  options: { max },
}: CountingPool): boolean {
  return totalCount >= max && idleCount <= waitingCount && !ending;
}
