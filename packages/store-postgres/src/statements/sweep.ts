import { execute } from "../connection/execute.ts";
import type { PostgresPool } from "../connection/pool.ts";

/** Records deleted by one statement: enough to be quick, few enough to hold no lock for long. */
const batchSize = 1000;

/** The most statements of one sweep; the next sweep goes on. */
const maxBatches = 1000;

/**
 * Deletes expired records, a thousand with each statement.
 *
 * Skips records that are being claimed at the moment, or swept by another process. The ids are collected in an array
 * because a plain IN may run its LIMIT more than once.
 *
 * @param isStopped - Called after each statement.
 * @returns the number of deleted records.
 */
export async function sweep(
  pool: PostgresPool,
  table: string,
  isStopped: () => boolean = () => false,
): Promise<number> {
  const text = `
DELETE FROM ${table} WHERE id = ANY (ARRAY(
  SELECT id FROM ${table} WHERE expires_at <= statement_timestamp()
  ORDER BY expires_at LIMIT ${batchSize} FOR UPDATE SKIP LOCKED
))`;
  let deleted = 0;
  for (let batch = 0; batch < maxBatches && !isStopped(); batch += 1) {
    const { rowCount } = await execute(pool, { text, values: [] });
    deleted += rowCount ?? 0;
    if ((rowCount ?? 0) < batchSize) break;
  }
  return deleted;
}
