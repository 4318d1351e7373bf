import { once } from "node:events";

import { postgresStore, sweepChannel, type SweepMessage } from "@reissue/store-postgres";
import { manualClock } from "@reissue/testing";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";

import { request } from "./request.ts";
import { startPostgres, type PostgresServer } from "./server.ts";

let server: PostgresServer;
let pool: pg.Pool;

beforeAll(async () => {
  server = await startPostgres();
  pool = new pg.Pool(server.connection);
});

afterAll(async () => {
  await pool.end();
  await server.stop();
});

beforeEach(() => pool.query("DROP TABLE IF EXISTS reissue_idempotency"));

/** Records whose retention is over. */
async function expired(count: number): Promise<void> {
  await pool.query(
    `INSERT INTO reissue_idempotency
    SELECT 'old ' || n, 'owner', 1, 'f', now() - interval '2 days', now() - interval '1 day', 'answer'
    FROM generate_series(1, $1::int) AS n`,
    [count],
  );
}

async function left(): Promise<number | null> {
  return (await pool.query("SELECT FROM reissue_idempotency")).rowCount;
}

test("a sweep deletes only expired records", async () => {
  const store = postgresStore({ pool });
  await store.migrate();
  await expired(2500);
  await store.claim(request("live"));
  expect(await store.sweep()).toBe(2500);
  expect(await left()).toBe(1);
  expect(await store.sweep()).toBe(0);
});

test("two sweeps at once share the work", async () => {
  const store = postgresStore({ pool });
  await store.migrate();
  await expired(10_000);
  const [one, other] = await Promise.all([store.sweep(), store.sweep()]);
  // One that finds everything locked leaves it to the other.
  expect(one + other).toBe(10_000);
  expect(await left()).toBe(0);
});

test("a sweep skips locked records, without waiting", async () => {
  const store = postgresStore({ pool });
  await store.migrate();
  await expired(3);
  const client = await pool.connect();
  await client.query("BEGIN");
  await client.query("SELECT FROM reissue_idempotency WHERE id = 'old 2' FOR UPDATE");
  expect(await store.sweep()).toBe(2);
  await client.query("ROLLBACK");
  client.release();
  expect(await store.sweep()).toBe(1);
});

test("a sweep finds expired records by the index", async () => {
  const store = postgresStore({ pool });
  await store.migrate();
  await pool.query(`INSERT INTO reissue_idempotency
    SELECT n, 'owner', 1, 'f', now(), now() + interval '1 day' FROM generate_series(1, 20000) AS n`);
  await expired(1500);
  await pool.query("ANALYZE reissue_idempotency");
  const { rows } = await pool.query(
    `EXPLAIN SELECT id FROM reissue_idempotency WHERE expires_at <= statement_timestamp()
    ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED`,
  );
  expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain("Index Scan");
});

test("a sweeper continues at its interval, through failures, until it stops", async () => {
  const heard: SweepMessage[] = [];
  let heardOne = (): void => {};
  const listener = (message: unknown): void => {
    heard.push(message as SweepMessage);
    heardOne();
  };
  sweepChannel.subscribe(listener);
  onTestFinished(() => {
    sweepChannel.unsubscribe(listener);
  });
  const clock = manualClock();
  const store = postgresStore({ pool });
  const sweeper = store.startSweeper({ intervalMs: 1000, clock });
  const turn = async (): Promise<SweepMessage | undefined> => {
    const next = new Promise<void>((resolve) => (heardOne = resolve));
    expect(clock.nextMs).toBeGreaterThanOrEqual(1000);
    expect(clock.nextMs).toBeLessThanOrEqual(1100);
    await clock.advance(clock.nextMs ?? 0);
    await next;
    // It schedules the next one right after it has published.
    await clock.advance(0);
    return heard.at(-1);
  };

  const table = '"public"."reissue_idempotency"';
  expect(await turn()).toMatchObject({
    table,
    deleted: null,
    error: { code: "ERR_REISSUE_STORE_UNAVAILABLE" },
  });
  await store.migrate();
  await expired(5);
  expect(await turn()).toEqual({ table, deleted: 5 });
  expect(await turn()).toEqual({ table, deleted: 0 });
  await sweeper.stop();
  expect(clock.pending).toBe(0);
  await clock.advance(10_000);
  expect(heard).toHaveLength(3);
});

test("a stop waits for the running statement, and starts no other", async () => {
  const clock = manualClock();
  const store = postgresStore({ pool });
  await store.migrate();
  await expired(5000);
  const sweeper = store.startSweeper({ intervalMs: 1000, clock });
  // It has a connection for its first batch, and no answer yet.
  const begun = once(pool, "acquire");
  const advanced = clock.advance(1100);
  await begun;
  await sweeper.stop();
  await advanced;
  expect(await left()).toBe(4000);
  expect(clock.pending).toBe(0);
});

test.each([
  [{ intervalMs: 0 }, "sweeper.intervalMs must be a number from 1 to 1073741823.5, got 0"],
  [{ every: 1 }, "sweeper.every is not an option (known: intervalMs, clock)"],
])("options %j are refused", (options, message) => {
  const store = postgresStore({ pool });
  expect(() => store.startSweeper(options as never)).toThrow(
    expect.objectContaining({ code: "ERR_REISSUE_OPTION", message }),
  );
});
