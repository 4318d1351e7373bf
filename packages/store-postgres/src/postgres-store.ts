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

/** Where the records are kept. */
export interface PostgresStoreOptions<Pool extends PostgresPool = PostgresPool> {
  /**
   * A `Pool` of pg 8. It stays yours: to size, to listen to for `error`, and to close. While all of its connections are in
   * use, claims are renewed, completed and released over one more, which is closed after a second without use: a handler
   * that streams while it holds a connection would wait for itself.
   */
  readonly pool: Pool;
  /** @defaultValue "public" */
  readonly schema?: string | undefined;
  /** @defaultValue "reissue_idempotency" */
  readonly table?: string | undefined;
  /**
   * Whether each connection keeps the statements prepared, which saves the server the parsing and planning. A pooler
   * between here and PostgreSQL has to support that: PgBouncer in transaction mode does from 1.21 on, with
   * `max_prepared_statements` set.
   *
   * @defaultValue false
   */
  readonly prepare?: boolean | undefined;
}

/** Keeps idempotency records in a table of PostgreSQL 12 or later. */
export interface PostgresStore<Client> extends IdempotencyStore {
  /**
   * Creates the schema and the table where they are missing; several processes may do so at once. Call it where you
   * run your own migrations: it needs the right to create only where something is missing.
   *
   * @throws StoreUnavailableError where there is a table of that name with other columns.
   */
  migrate(): Promise<void>;

  /**
   * Deletes the records whose retention is over, a thousand a statement, and tells how many they were. They are as good
   * as gone without it; this gives back their room.
   */
  sweep(): Promise<number>;

  /** Calls `sweep` now and then. Each process may have one: they pass over each other's work. */
  startSweeper(options?: SweeperOptions): Sweeper;

  /**
   * Commits the application's own work and the answer to its request in one transaction, so that the work is done exactly
   * once, whatever dies when.
   *
   * The record is completed at the end, right before COMMIT, and not locked before: a lock from the beginning on would
   * spare an owner who was taken over some work, but the heartbeat would wait for it as long as the work takes, on a
   * connection of its own each time, and so would the next claim once the lease has run out. An owner who was taken over
   * finds that out at the end, and everything is rolled back.
   *
   * @param claim - The request's claim, not yet settled: `claimOf(request)` of the adapter. Null for a request without a
   * key, whose work is then committed, and nothing else.
   * @param work - Runs between BEGIN and COMMIT, on a connection of the pool. It may set the isolation level, but ends
   * the transaction only by rejecting; anything that it does elsewhere is not part of it.
   * @returns the answer as it was stored: send exactly this.
   * @throws what `work` throws, after ROLLBACK; the claim is held still. An error with the code `25P02` where `work` has
   * kept to itself that a statement failed, with a claim or without: nothing is committed then. A `ClaimError` (409)
   * where the claim is not held any more, after ROLLBACK. What pg throws: if the connection was cut at COMMIT, nobody
   * knows whether it was committed, so the claim is left to its lease, and the next request with the key finds either
   * the answer or nothing done.
   */
  withTransaction(
    claim: TransactionClaim | null,
    work: (client: Client) => Promise<TransactionResponse>,
  ): Promise<StoredResponse>;
}

/**
 * Keeps idempotency records in PostgreSQL, one statement a step, by the server's clock.
 *
 * @throws OptionError on a wrong option. Nothing is sent before the first call.
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
      // It waited for its own transaction to end, which holds the record until it has.
      return rowCount === 1 || completing.includes(owner);
    },
    async complete({ id, owner }, answer, retentionMs) {
      const bytes = Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
      return (await complete([id, owner, bytes, retentionMs])).rowCount === 1;
    },
    async release({ id, owner }) {
      return (await release([id, owner])).rowCount === 1;
    },
    migrate: () => migrate(pool, { schema, table }),
    sweep: () => sweep(pool, table),
    startSweeper: (sweeperOptions) => startSweeper(pool, table, sweeperOptions),
    withTransaction: (held, work) =>
      transaction(pool as unknown as { connect(): Promise<ClientOf<Pool>> }, held, work, {
        text: completeOnce,
        completing,
      }),
  };
}

/** The same text always has the same name, and no other has it: pg insists on that. */
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
