import { StoreUnavailableError, type ClaimRequest, type ClaimResult } from "@reissue/core";

import type { PostgresResult } from "../connection/pool.ts";

const id = "$1::text";
const owner = "$2::text";
const fingerprint = "$3::text";
const lease = "$4::float8 * interval '1 millisecond'";
const retention = "$5::float8 * interval '1 millisecond'";
const takeOver = "$6::boolean";

/**
 * One reading of the clock for the whole statement. Where it waits for a lock, its time stands still; that only makes it
 * careful: it takes a lease for running that has just run out, and its own is shorter by the wait.
 */
const now = "statement_timestamp()";

const isFree = `r.expires_at <= ${now}`;
const isMine = `r.answer IS NULL AND r.owner = ${owner}`;
const isLapsed = `r.answer IS NULL AND r.fingerprint = ${fingerprint} AND r.lease_until <= ${now}`;
const isTaken = `(${isFree}) OR (${isLapsed} AND ${takeOver} AND r.owner <> ${owner})`;

/** What the record means to the one who asks, be it that it has just been claimed. */
const result = `
    CASE
      WHEN ${isMine} THEN 'claimed'
      WHEN r.fingerprint <> ${fingerprint} THEN 'mismatch'
      WHEN r.answer IS NOT NULL THEN 'completed'
      WHEN r.lease_until > ${now} THEN 'in-flight'
      ELSE 'lapsed'
    END AS state,
    r.fence,
    extract(epoch FROM r.lease_until - ${now}) * 1000 AS lease_left_ms,
    CASE WHEN r.fingerprint = ${fingerprint} THEN r.answer END AS answer`;

/**
 * The claim, as one statement that always gives one row.
 *
 * `seen` answers from the statement's snapshot whoever may not have the record, or has it: a replay, a mismatch or a key
 * in flight writes nothing, takes no lock, and waits for none. Whoever may take it goes on to the upsert, and so does whoever is
 * shown nothing by the snapshot although another claim has just been inserted. That is why the upsert decides again, on
 * the row that it has locked. It has no WHERE, since that would return no row (measured with DO NOTHING: two losers in
 * three were told nothing); it sets what it may not change to what it was. Such a version is written only in a race of
 * claims, before there is an answer, or with the answer's TOAST pointer as it was: no large answer is written twice.
 *
 * One CASE a column is long and yet cheap: to compute the row in a subquery took PostgreSQL 15 three times as long to
 * plan.
 */
export function claimText(table: string): string {
  return `
WITH seen AS MATERIALIZED (
  SELECT ${result}
  FROM ${table} AS r WHERE r.id = ${id} AND NOT (${isTaken})
), claim AS (
  INSERT INTO ${table} AS r (id, owner, fence, fingerprint, lease_until, expires_at)
  SELECT ${id}, ${owner}, 1, ${fingerprint}, ${now} + ${lease}, ${now} + ${retention}
  WHERE NOT EXISTS (SELECT FROM seen)
  ON CONFLICT (id) DO UPDATE SET
    owner = CASE WHEN ${isTaken} THEN excluded.owner ELSE r.owner END,
    fence = CASE
      WHEN ${isFree} THEN 1
      WHEN ${isTaken} THEN r.fence + 1
      ELSE r.fence
    END,
    fingerprint = CASE WHEN ${isFree} THEN excluded.fingerprint ELSE r.fingerprint END,
    lease_until = CASE WHEN ${isTaken} THEN excluded.lease_until ELSE r.lease_until END,
    expires_at = CASE WHEN ${isTaken} THEN excluded.expires_at ELSE r.expires_at END,
    answer = CASE WHEN ${isFree} THEN NULL ELSE r.answer END
  RETURNING ${result}
)
SELECT state, fence, lease_left_ms, encode(answer, 'base64') AS answer FROM seen
UNION ALL
SELECT state, fence, lease_left_ms, encode(answer, 'base64') AS answer FROM claim`;
}

/** The values of {@link claimText}. */
export function claimValues(request: ClaimRequest): unknown[] {
  const { id, owner, fingerprint, leaseMs, retentionMs, takeOver } = request;
  return [id, owner, fingerprint, leaseMs, retentionMs, takeOver];
}

/** Reads the row; whatever parsers the application has given pg for these types. */
export function claimResult({ rows: [row] }: PostgresResult): ClaimResult {
  switch (row?.["state"]) {
    case "claimed":
      return { state: "claimed", fence: Number(row["fence"]) };
    case "in-flight":
      return { state: "in-flight", leaseLeftMs: Number(row["lease_left_ms"]) };
    case "completed":
      return { state: "completed", answer: Buffer.from(String(row["answer"]), "base64") };
    case "mismatch":
    case "lapsed":
      return { state: row["state"] };
    default:
      throw new StoreUnavailableError("gave no answer to a claim");
  }
}
