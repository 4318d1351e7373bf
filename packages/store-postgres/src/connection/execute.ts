import { StoreUnavailableError } from "@reissue/core";

import type { PostgresPool, PostgresResult, PostgresStatement } from "./pool.ts";

/** serialization_failure and deadlock_detected: the statement came to nothing, and may well succeed now. */
const passing: readonly unknown[] = ["40001", "40P01"];

/** undefined_table, which a missing schema is too. */
const undefinedTable = "42P01";

/** Each failure means that another statement on this record got through, and few are under way at once. */
const maxAttempts = 10;

/**
 * Runs one statement in a transaction of its own, again where it lost to another one: `default_transaction_isolation`
 * may be anything.
 *
 * @throws StoreUnavailableError where the table is missing; whatever pg throws otherwise.
 */
export async function execute(
  pool: Pick<PostgresPool, "query">,
  statement: PostgresStatement,
): Promise<PostgresResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await pool.query(statement);
    } catch (error) {
      if (passing.includes(sqlState(error)) && attempt < maxAttempts) continue;
      throw missingTable(error);
    }
  }
}

/** Says what to do where the table is missing; every other error stays as it is. */
export function missingTable(error: unknown): unknown {
  if (sqlState(error) !== undefinedTable) return error;
  return new StoreUnavailableError("has no table: run migrate()", { cause: error });
}

/** The code of an error that the server reported; null where it did not. */
export function sqlState(error: unknown): string | null {
  if (!(error instanceof Error) || !("severity" in error) || !("code" in error)) return null;
  // Node's own errors have a code as well, but no severity.
  return typeof error.severity === "string" && typeof error.code === "string" ? error.code : null;
}
