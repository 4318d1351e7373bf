import { beginClaim, claimConfig } from "@reissue/core/internal";
import { postgresStore, type PostgresStore } from "@reissue/store-postgres";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

import { request } from "./request.ts";
import { startPostgres, type PostgresServer } from "./server.ts";

let server: PostgresServer;
let pool: pg.Pool;
let store: PostgresStore<pg.PoolClient>;

beforeAll(async () => {
  server = await startPostgres();
  pool = new pg.Pool({ ...server.connection, max: 8 });
  pool.on("error", () => {});
  store = postgresStore({ pool });
  await store.migrate();
});

afterAll(async () => {
  await pool.end();
  await server.stop();
});

/** What would end a process that does not look after it. */
function unhandled(): unknown[] {
  const seen: unknown[] = [];
  const listener = (error: unknown): void => void seen.push(error);
  process.on("unhandledRejection", listener);
  onTestFinished(() => void process.off("unhandledRejection", listener));
  return seen;
}

/** Goes on claiming and completing until it is stopped. */
function load(key: string): () => Promise<{ ok: number; failed: number }> {
  const count = { ok: 0, failed: 0 };
  const over = new AbortController();
  const worker = async (number: number): Promise<void> => {
    for (let turn = 0; !over.signal.aborted && turn < 20_000; turn += 1) {
      const first = request(`${key} ${number} ${turn}`);
      const token = { ...first, fence: 1 };
      try {
        await store.claim(first);
        await store.renew(token, 1000);
        await store.complete(token, Buffer.from("a"), 60_000);
        count.ok += 1;
      } catch {
        count.failed += 1;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const all = Promise.all(Array.from({ length: 8 }, (_, number) => worker(number)));
  return async () => {
    over.abort();
    await all;
    return count;
  };
}

test("connections that are cut under load fail only their own calls", async () => {
  const seen = unhandled();
  const stop = load("cut");
  const admin = new pg.Client(server.connection);
  await admin.connect();
  for (let times = 0; times < 5; times += 1) {
    // real time: queries between the cuts
    await admin.query("SELECT pg_sleep(0.05)");
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
  }
  // real time: queries after the last cut
  await admin.query("SELECT pg_sleep(0.1)");
  const { ok, failed } = await stop();
  await admin.end();
  expect(failed).toBeGreaterThan(0);
  expect(failed).toBeLessThanOrEqual(5 * 8);
  expect(ok).toBeGreaterThan(0);
  expect(seen).toEqual([]);
  expect(await store.claim(request("after cuts"))).toEqual({ state: "claimed", fence: 1 });
});

test("a transaction that is cut in the work rejects, and the claim is held", async () => {
  const seen = unhandled();
  await pool.query("CREATE TABLE effects (key text)");
  const settings = claimConfig({ store }, "test");
  const { fingerprint } = request("cut work");
  const beginning = await beginClaim({ scope: "tests", key: "cut work", fingerprint }, settings);
  if (beginning.action !== "run") throw new Error(beginning.action);
  const { claim } = beginning;
  const cut = store.withTransaction(claim, async (client) => {
    await client.query("INSERT INTO effects VALUES ('cut')");
    const pid = (await client.query("SELECT pg_backend_pid() AS pid")).rows[0].pid;
    // It may end before the reply comes that says so. Nobody is waiting for a reply on it.
    const ended = new Promise((resolve) => client.once("end", resolve));
    await pool.query("SELECT pg_terminate_backend($1)", [pid]);
    await ended;
    return { body: "never" };
  });
  await expect(cut).rejects.toThrow();
  expect(claim.settled).toBe(false);
  expect((await pool.query("SELECT FROM effects")).rowCount).toBe(0);
  await store.withTransaction(claim, async (client) => {
    await client.query("INSERT INTO effects VALUES ('again')");
    return {};
  });
  expect((await pool.query("SELECT FROM effects")).rowCount).toBe(1);
  expect(seen).toEqual([]);
});

test("a server that restarts under load is used again, and committed work is there", async () => {
  const seen = unhandled();
  const first = request("before");
  await store.claim(first);
  await store.complete({ ...first, fence: 1 }, Buffer.from("kept"), 60_000);
  const stop = load("restart");
  await server.restart();
  const { failed } = await stop();
  expect(failed).toBeGreaterThan(0);
  expect(seen).toEqual([]);
  expect(await store.claim(request("before"))).toEqual({
    state: "completed",
    answer: Buffer.from("kept"),
  });
});

test("a server that is down leads to an error at once", async () => {
  const away = new pg.Pool({ ...server.connection, port: 1 });
  onTestFinished(() => away.end());
  const failing = postgresStore({ pool: away });
  await expect(failing.claim(request("away"))).rejects.toMatchObject({ code: "ECONNREFUSED" });
  const claim = { ...request("away"), fence: 1, settled: false, retentionMs: 1000 };
  const never = { ...claim, markCompleted() {}, abandon() {} };
  await expect(failing.withTransaction(never, async () => ({}))).rejects.toMatchObject({
    code: "ECONNREFUSED",
  });
});
