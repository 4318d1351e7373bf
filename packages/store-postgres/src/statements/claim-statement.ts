import { StoreUnavailableError, type ClaimRequest, type ClaimResult } from "@reissue/core";

import type { PostgresResult } from "../connection/pool.ts";

const id = "$1::text";
const owner = "$2::text";
const fingerprint = "$3::text";
const lease = "$4::float8 * interval '1 millisecond'";
const retention = "$5::float8 * interval '1 millisecond'";
const takeOver = "$6::boolean";

/**
 * The time at which the statement began, for all of it. A wait for a lock makes it late, which is safe: a lease that has
 * just expired counts as running, and its own is shorter by the wait.
 */
const now = "statement_timestamp()";

const isFree = `r.expires_at <= ${now}`;
const isMine = `r.answer IS NULL AND r.owner = ${owner}`;
const isLapsed = `r.answer IS NULL AND r.fingerprint = ${fingerprint} AND r.lease_until <= ${now}`;
const isTaken = `(${isFree}) OR (${isLapsed} AND ${takeOver} AND r.owner <> ${owner})`;

/** The result of a claim, from the record as it is now, also where it has just been claimed. */
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
 * The claim, as one statement that always returns one row.
 *
 * `seen` reads the statement's snapshot, and returns a record that cannot be claimed, or is already: a replay, a mismatch
 * or a key in flight writes nothing, takes no lock, and waits for none. A record that is free goes on to the upsert, and so
 * does a claim that the snapshot does not show because another has just inserted it. Therefore the upsert decides again, on
 * the row that it has locked. A WHERE there would return no row (measured with DO NOTHING: two losers in three got
 * nothing), so that unchanged columns are set to their own values. That writes a new version of the row only in a race of
 * claims, before there is a response, or with the TOAST pointer of the response: no large response is written twice.
 *
 * One CASE for each column is long but cheap: a subquery for the row took PostgreSQL 15 three times as long to plan.
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

/** Reads the row, with whatever type parsers the application has set in pg. */
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
      throw new StoreUnavailableError("gave no result of a claim");
  }
}
