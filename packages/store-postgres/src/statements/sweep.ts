import { execute } from "../connection/execute.ts";
import type { PostgresPool } from "../connection/pool.ts";

/** How many records one statement deletes: enough to be quick, few enough to hold no lock for long. */
const batchSize = 1000;

/** Where a sweep ends in any case; the next one goes on. */
const maxBatches = 1000;

/**
 * Deletes the records whose retention is over, a thousand a statement.
 *
 * A record that somebody is claiming at the moment is left alone, and so is what another process is sweeping. The ids
 * are collected in an array because a plain IN may run its LIMIT more than once.
 *
 * @param isStopped - Asked after each batch.
 * @returns how many they were.
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
