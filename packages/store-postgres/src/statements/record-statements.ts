/**
 * The condition of a held record. An expired record counts as deleted, swept or not. Reads the clock each time, since
 * PostgreSQL evaluates the condition again after a wait for a lock.
 */
const held = "id = $1::text AND owner = $2::text AND expires_at > clock_timestamp()";

const inMs = (parameter: string): string =>
  `clock_timestamp() + ${parameter}::float8 * interval '1 millisecond'`;

/** Values: id, owner, lease in ms. Changes `expires_at` only where it must, since that touches an index. */
export function renewText(table: string): string {
  return `
UPDATE ${table} SET lease_until = ${inMs("$3")}, expires_at = greatest(expires_at, ${inMs("$3")})
WHERE ${held} AND answer IS NULL`;
}

/**
 * Values: id, owner, response, retention in ms. A completed record stays as it is, since its response has been sent.
 */
export function completeText(table: string): string {
  return `
UPDATE ${table} SET
  answer = coalesce(answer, $3::bytea),
  expires_at = CASE WHEN answer IS NULL THEN ${inMs("$4")} ELSE expires_at END
WHERE ${held}`;
}

/** {@link completeText}, but for a completed record no row: of two transactions with one claim, only one may commit. */
export function completeOnceText(table: string): string {
  return `${completeText(table)} AND answer IS NULL`;
}

/** Values: id, owner. */
export function releaseText(table: string): string {
  return `DELETE FROM ${table} WHERE ${held} AND answer IS NULL`;
}
