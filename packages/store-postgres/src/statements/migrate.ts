import { StoreUnavailableError } from "@reissue/core";

import { execute, sqlState } from "../connection/execute.ts";
import type { PostgresPool } from "../connection/pool.ts";

/** Names of the table and its schema, quoted. */
export interface TableNames {
  readonly schema: string;
  /** The table's name with its schema. */
  readonly table: string;
}

/**
 * Errors of PostgreSQL where two processes create the same thing at once: the name is in one of its catalogs, or one
 * process did not see the other's in time.
 */
const lostRaces: readonly unknown[] = ["23505", "42P06", "42P07", "42710", "40001", "40P01"];

const maxAttempts = 10;

/**
 * Creates the schema and the table where they are missing, in one transaction.
 *
 * Looks first, since IF NOT EXISTS requires the right to create even where there is nothing to do. IF NOT EXISTS also fails
 * while another process is creating the same, hence the loop.
 *
 * @throws StoreUnavailableError where a table of that name has other columns.
 */
export async function migrate(pool: PostgresPool, names: TableNames): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    if (await isMigrated(pool, names)) return;
    try {
      const schema = await hasSchema(pool, names);
      await pool.query({ text: creation(names, schema), values: [] });
      return;
    } catch (error) {
      if (!lostRaces.includes(sqlState(error)) || attempt === maxAttempts) throw error;
    }
  }
}

async function isMigrated(pool: PostgresPool, { table }: TableNames): Promise<boolean> {
  const columns = "id, owner, fence, fingerprint, lease_until, expires_at, answer";
  try {
    await pool.query({ text: `SELECT ${columns} FROM ${table} LIMIT 0`, values: [] });
    return true;
  } catch (error) {
    if (sqlState(error) === "42P01") return false;
    if (sqlState(error) !== "42703") throw error;
    throw new StoreUnavailableError("cannot use its table, which has other columns", {
      cause: error,
    });
  }
}

async function hasSchema(pool: PostgresPool, { schema }: TableNames): Promise<boolean> {
  const text = "SELECT FROM to_regnamespace($1::text) AS found WHERE found IS NOT NULL";
  const { rowCount } = await execute(pool, { text, values: [schema] });
  return rowCount === 1;
}

/**
 * Several statements without values are sent as one message, and are one transaction.
 *
 * The fill factor leaves room in a page for the versions that renewals write, which then touch no index (HOT).
 */
function creation({ schema, table }: TableNames, hasSchema: boolean): string {
  return `
${hasSchema ? "" : `CREATE SCHEMA ${schema};`}
CREATE TABLE ${table} (
  id text COLLATE "C" PRIMARY KEY,
  owner text COLLATE "C" NOT NULL,
  fence integer NOT NULL,
  fingerprint text COLLATE "C" NOT NULL,
  lease_until timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  answer bytea
) WITH (fillfactor = 80);
CREATE INDEX ON ${table} (expires_at);`;
}
