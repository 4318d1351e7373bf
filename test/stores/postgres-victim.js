// A service in small that is killed: connection, then keys on stdin, one a line. It claims each key, does its work and
// keeps the answer in one transaction, and says "claimed <key>" and "done <key>".
import { createInterface } from "node:readline";

import { begin, claimSettings } from "@reissue/core";
import { postgresStore } from "@reissue/store-postgres";
import pg from "pg";

const pool = new pg.Pool({ ...JSON.parse(process.argv[2] ?? "{}"), max: 2 });
const store = postgresStore({ pool });
const settings = claimSettings({ store, leaseMs: 450, storeTimeoutMs: 150 }, "victim");

for await (const key of createInterface(process.stdin)) {
  const beginning = await begin({ scope: "tests", key, fingerprint: "same" }, settings);
  if (beginning.action !== "run") continue;
  console.log(`claimed ${key}`);
  await store.withTransaction(beginning.claim, async (client) => {
    await client.query("INSERT INTO effects VALUES ($1)", [key]);
    return { status: 201, body: { key } };
  });
  console.log(`done ${key}`);
}
