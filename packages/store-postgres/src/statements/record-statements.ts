/**
 * The statements of whoever holds a record. A record whose retention is over is as good as gone, swept or not. Each
 * reads the clock as often as it needs it: after a wait for a lock PostgreSQL evaluates these conditions again.
 */
const held = "id = $1::text AND owner = $2::text AND expires_at > clock_timestamp()";

const inMs = (parameter: string): string =>
  `clock_timestamp() + ${parameter}::float8 * interval '1 millisecond'`;

/** Values: id, owner, lease in ms. Leaves `expires_at` as it is, wherever it can, so that no index is touched. */
export function renewText(table: string): string {
  return `
UPDATE ${table} SET lease_until = ${inMs("$3")}, expires_at = greatest(expires_at, ${inMs("$3")})
WHERE ${held} AND answer IS NULL`;
}

/**
 * Values: id, owner, answer, retention in ms. Where it is completed it stays as it is, since that is what has gone out.
 */
export function completeText(table: string): string {
  return `
UPDATE ${table} SET
  answer = coalesce(answer, $3::bytea),
  expires_at = CASE WHEN answer IS NULL THEN ${inMs("$4")} ELSE expires_at END
WHERE ${held}`;
}

/** {@link completeText}, but nothing where it is completed: of two transactions with one claim, one may commit. */
export function completeOnceText(table: string): string {
  return `${completeText(table)} AND answer IS NULL`;
}

/** Values: id, owner. */
export function releaseText(table: string): string {
  return `DELETE FROM ${table} WHERE ${held} AND answer IS NULL`;
}
