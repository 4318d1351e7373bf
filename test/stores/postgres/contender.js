// A process that claims keys at the same time as others: connection, first and number of keys, claims for each key.
// It says "ready", and on "go" prints the results: for each key, how many claims came to which state.
import { randomUUID } from "node:crypto";
import { once } from "node:events";

import { postgresStore } from "@reissue/store-postgres";
import pg from "pg";

const [connection = "{}", keys = "0", times = "0"] = process.argv.slice(2);
const pool = new pg.Pool({ ...JSON.parse(connection), max: 16 });
const store = postgresStore({ pool });
// real time: holds all connections of the pool, so that all are opened
await Promise.all(Array.from({ length: 16 }, () => pool.query("SELECT pg_sleep(0.05)")));

process.send?.("ready");
await once(process, "message");

/** @type {Record<string, number>[]} */
const results = [];
for (let key = 0; key < Number(keys); key += 1) {
  const claims = Array.from({ length: Number(times) }, async () =>
    store.claim({
      id: `contended ${key}`,
      owner: randomUUID(),
      fingerprint: "same",
      leaseMs: 30_000,
      retentionMs: 60_000,
      takeOver: true,
    }),
  );
  /** @type {Record<string, number>} */
  const counts = {};
  for (const { state } of await Promise.all(claims)) counts[state] = (counts[state] ?? 0) + 1;
  results.push(counts);
}
await pool.end();
process.send?.(results, () => process.disconnect());
