import { StoreUnavailableError } from "@reissue/core";

import type { PostgresPool, PostgresResult, PostgresStatement } from "./pool.ts";

/** serialization_failure and deadlock_detected: the statement had no effect, and may succeed now. */
const transientCodes: readonly unknown[] = ["40001", "40P01"];

/** undefined_table, also reported for a missing schema. */
const undefinedTable = "42P01";

/** Each failure means that another statement on this record succeeded, and few are under way at once. */
const maxAttempts = 10;

/**
 * Runs one statement in a transaction of its own, and repeats it after a conflict with another, which is possible at some
 * levels of `default_transaction_isolation`.
 *
 * @throws StoreUnavailableError where the table is missing; otherwise the error of pg.
 */
export async function execute(
  pool: Pick<PostgresPool, "query">,
  statement: PostgresStatement,
): Promise<PostgresResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await pool.query(statement);
    } catch (error) {
      if (transientCodes.includes(sqlState(error)) && attempt < maxAttempts) continue;
      throw missingTable(error);
    }
  }
}

/** Translates the error of a missing table; returns other errors as they are. */
export function missingTable(error: unknown): unknown {
  if (sqlState(error) !== undefinedTable) return error;
  return new StoreUnavailableError("has no table: run migrate()", { cause: error });
}

/** The SQLSTATE of an error that the server reported; null for other errors. */
export function sqlState(error: unknown): string | null {
  if (!(error instanceof Error) || !("severity" in error) || !("code" in error)) return null;
  // Node's own errors have a code as well, but no severity.
  return typeof error.severity === "string" && typeof error.code === "string" ? error.code : null;
}
