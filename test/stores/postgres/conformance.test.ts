import { setTimeout as sleep } from "node:timers/promises";

import { postgresStore, type PostgresStore } from "@reissue/store-postgres";
import { deduplicationConformance, storeConformance } from "@reissue/testing";
import pg from "pg";
import { afterAll, beforeAll, test } from "vitest";

import { followsTheModel } from "../../support/stores/engine-model.ts";
import { startPostgres, type PostgresServer } from "./server.ts";
import { serve } from "../serve.ts";

let server: PostgresServer;
let pool: pg.Pool;
let store: PostgresStore<pg.PoolClient>;

beforeAll(async () => {
  server = await startPostgres();
  pool = new pg.Pool({ ...server.connection, max: 20 });
  store = postgresStore({ pool });
  await store.migrate();
});

afterAll(async () => {
  await pool.end();
  await server.stop();
});

// At the same time, since most of them wait; each has records of its own.
test.concurrent.each(storeConformance)("the store passes the case: $name", async ({ run }) => {
  // real time: records expire by the server's clock
  await run({ store, advance: (ms) => sleep(ms) });
});

for (const { name, run } of deduplicationConformance) {
  test(name, () => run({ store, start: serve }));
}

test("the store behaves like the model", async () => {
  // real time: records expire by the server's clock
  await followsTheModel({ store, advance: (ms) => sleep(ms) }, 25);
}, 60_000);
