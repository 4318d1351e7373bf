import { createHash } from "node:crypto";

import { OptionError, type StoredResponse, type IdempotencyStore } from "@reissue/core";
import { checkKeys } from "@reissue/core/internal";

import { claimResult, claimText, claimValues } from "./statements/claim-statement.ts";
import { execute } from "./connection/execute.ts";
import { identifier } from "./statements/identifier.ts";
import { migrate } from "./statements/migrate.ts";
import type { ClientOf, PostgresPool, PostgresResult } from "./connection/pool.ts";
import {
  completeOnceText,
  completeText,
  releaseText,
  renewText,
} from "./statements/record-statements.ts";
import { settlingPool } from "./connection/settling-pool.ts";
import { sweep } from "./statements/sweep.ts";
import { startSweeper, type Sweeper, type SweeperOptions } from "./sweeper.ts";
import type { TransactionResponse } from "./transaction-response.ts";
import { transaction, type Completing, type TransactionClaim } from "./connection/transaction.ts";

/** Options of {@link postgresStore}. */
export interface PostgresStoreOptions<Pool extends PostgresPool = PostgresPool> {
  /**
   * A `Pool` of pg 8, which the application sizes, listens to for `error`, and closes. While all of its connections are in
   * use, claims are renewed, completed and released over one additional connection, which is closed after a second without
   * use: a handler that streams while it holds a connection would wait for itself.
   */
  readonly pool: Pool;
  /** Schema of the table. @defaultValue "public" */
  readonly schema?: string | undefined;
  /** Name of the table. @defaultValue "reissue_idempotency" */
  readonly table?: string | undefined;
  /**
   * Whether statements are prepared once for each connection, which saves the server parsing and planning. A pooler in
   * between has to support that: PgBouncer in transaction mode does from 1.21 on, with `max_prepared_statements` set.
   *
   * @defaultValue false
   */
  readonly prepare?: boolean | undefined;
}

/** A store of idempotency records in a table of PostgreSQL 12 or later. */
export interface PostgresStore<Client> extends IdempotencyStore {
  /**
   * Creates the schema and the table where they are missing; several processes may do so at once. Call it together with
   * your own migrations: it needs the right to create only where something is missing.
   *
   * @throws StoreUnavailableError where there is a table of that name with other columns.
   */
  migrate(): Promise<void>;

  /**
   * Deletes expired records, a thousand with each statement, to free their space: an expired record counts as deleted.
   *
   * @returns the number of deleted records.
   */
  sweep(): Promise<number>;

  /** Calls `sweep` regularly. Each process may have a sweeper: they skip each other's records. */
  startSweeper(options?: SweeperOptions): Sweeper;

  /**
   * Commits the application's own work and the response to its request in one transaction: the work is done exactly once,
   * whichever process or connection fails.
   *
   * The record is completed right before COMMIT, and not locked before. An owner whose claim has been taken over finds out
   * at the end, and everything is rolled back. A lock from the beginning would save that work, but block the heartbeat for
   * as long as the work takes, with a connection each time, and the next claim once the lease has expired.
   *
   * @param claim - The request's claim, not yet settled: `claimOf(request)` of the adapter. Null for a request without a
   * key, whose work is then committed, and nothing else.
   * @param work - Runs between BEGIN and COMMIT, on a connection of the pool. It may set the isolation level, but must not
   * end the transaction, except by rejecting; statements on other connections are not part of it.
   * @returns the response as it was stored: send exactly this.
   * @throws the error of `work`, after ROLLBACK; the claim is still held. An error with the code `25P02` where `work` has
   * ignored a failed statement, with a claim or without: nothing is committed. A `ClaimError` (409) where the claim is no
   * longer held, after ROLLBACK. Errors of pg: if the connection was cut at COMMIT, the outcome is unknown, so the claim is
   * left to its lease, and the next request with the key finds either the response or nothing done.
   */
  withTransaction(
    claim: TransactionClaim | null,
    work: (client: Client) => Promise<TransactionResponse>,
  ): Promise<StoredResponse>;
}

/**
 * Creates a store of idempotency records in PostgreSQL. Each step is one statement; time is the server's. Nothing is sent
 * before the first call.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 *
 * @example
 * ```ts
 * const store = postgresStore({ pool: new pg.Pool({ max: 20 }) });
 * await store.migrate();
 * const sweeper = store.startSweeper();
 * ```
 */
export function postgresStore<Pool extends PostgresPool>(
  options: PostgresStoreOptions<Pool>,
): PostgresStore<ClientOf<Pool>> {
  checkKeys(options, "options", ["pool", "schema", "table", "prepare"]);
  const { pool, prepare = false } = options;
  checkPool(pool);
  if (typeof prepare !== "boolean") throw new OptionError("prepare", "must be true or false");
  const schema = identifier(options.schema ?? "public", "schema");
  const table = `${schema}.${identifier(options.table ?? "reissue_idempotency", "table")}`;
  const completing: Completing = [];

  const statement = (
    runner: Pick<PostgresPool, "query">,
    text: string,
  ): ((values: unknown[]) => Promise<PostgresResult>) => {
    const name = prepare ? statementName(text) : undefined;
    return (values) => execute(runner, { text, values, name });
  };
  const settling = settlingPool(pool);
  const claim = statement(pool, claimText(table));
  const renew = statement(settling, renewText(table));
  const complete = statement(settling, completeText(table));
  const release = statement(settling, releaseText(table));
  const completeOnce = completeOnceText(table);

  return {
    async claim(request) {
      return claimResult(await claim(claimValues(request)));
    },
    async renew({ id, owner }, leaseMs) {
      const { rowCount } = await renew([id, owner, leaseMs]);
      // The renewal has waited for its own transaction, which locks the record until its end.
      return rowCount === 1 || completing.includes(owner);
    },
    async complete({ id, owner }, response, retentionMs) {
      const bytes = Buffer.from(response.buffer, response.byteOffset, response.byteLength);
      return (await complete([id, owner, bytes, retentionMs])).rowCount === 1;
    },
    async release({ id, owner }) {
      return (await release([id, owner])).rowCount === 1;
    },
    migrate: () => migrate(pool, { schema, table }),
    sweep: () => sweep(pool, table),
    startSweeper: (sweeperOptions) => startSweeper(pool, table, sweeperOptions),
    withTransaction: (token, work) =>
      transaction(pool as unknown as { connect(): Promise<ClientOf<Pool>> }, token, work, {
        text: completeOnce,
        completing,
      }),
  };
}

/** A name for a statement, unique for its text, as pg requires. */
function statementName(text: string): string {
  return `reissue_${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}

function checkPool(pool: unknown): void {
  const isObject = typeof pool === "object" && pool !== null;
  for (const method of ["query", "connect"]) {
    if (isObject && typeof (pool as Record<string, unknown>)[method] === "function") continue;
    throw new OptionError("pool", `must be a Pool of pg, with a ${method} method`);
  }
}
