import { systemClock } from "@reissue/core";

import { sqlState } from "./execute.ts";
import type { PostgresClient, PostgresPool, PostgresResult, PostgresStatement } from "./pool.ts";
import { SpareConnection, type SpareClient } from "./spare-connection.ts";

/** A pool with the properties of pg's `Pool` that tell whether it is exhausted; other pools may lack them. */
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
 * How long a statement waits for a pool whose connections are all in use, in ms. If the pool is only busy, one becomes free
 * in that time: statements of a web service take a few ms.
 */
const maxPoolWaitMs = 20;

/**
 * The most statements that wait for the additional connection, about 50 ms of work. Further ones wait for the pool, to which
 * a connection returns with each statement that completes here.
 */
const maxWaiting = 100;

/**
 * Runs statements that renew or settle a claim: on the pool, or, where no connection becomes free, on one additional
 * connection of the same kind.
 *
 * The holders of the pool's connections may be waiting for these statements: a handler that streams rows returns its
 * connection when its response has ended, and the end waits until the response is stored.
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
      isExhausted(pool) ? queryWith(pool, spare, statement) : pool.query(statement),
  };
}

/** Runs a statement on the connection that becomes free first. */
function queryWith(
  pool: PostgresPool,
  spare: SpareConnection,
  statement: PostgresStatement,
): Promise<PostgresResult> {
  return new Promise((resolve, reject) => {
    let runsOnSpare = false;
    const timer = systemClock.setTimeout(() => {
      if (spare.waiting >= maxWaiting) return;
      runsOnSpare = true;
      spare.query(statement).then(resolve, reject);
    }, maxPoolWaitMs);
    pool.connect().then(
      (client) => {
        systemClock.clearTimeout(timer);
        if (runsOnSpare) client.release();
        else queryOn(client, statement).then(resolve, reject);
      },
      (error: Error) => {
        systemClock.clearTimeout(timer);
        if (!runsOnSpare) reject(error);
      },
    );
  });
}

/** Runs one statement on a connection, and returns the connection. */
async function queryOn(
  client: PostgresClient,
  statement: PostgresStatement,
): Promise<PostgresResult> {
  let broken: Error | undefined;
  // pg removes its own listener while a connection is in use; without one, a cut connection would end the process.
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

/** Whether a statement would have to wait until a connection is returned. */
function isExhausted({
  totalCount,
  idleCount,
  waitingCount,
  ending,
  options: { max },
}: CountingPool): boolean {
  return totalCount >= max && idleCount <= waitingCount && !ending;
}
