import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { beginClaim, claimConfig } from "@reissue/core/internal";
import { postgresStore, type PostgresPool } from "@reissue/store-postgres";
import type { AdapterCall } from "@reissue/testing";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

import { startPostgres, type PostgresServer } from "./server.ts";
import { serve } from "../serve.ts";

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres();
  const pool = new pg.Pool(server.connection);
  await postgresStore({ pool }).migrate();
  await pool.end();
});

afterAll(() => server.stop());

/** Far longer than a test may take: who waits for itself does so for that long. */
const patient = { storeTimeoutMs: 60_000, leaseMs: 180_000 } as const;

function opened(settings: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...server.connection, ...settings });
  pool.on("error", () => {});
  onTestFinished(() => pool.end());
  return pool;
}

/** A service whose handler answers with a connection of the pool in its hand. */
async function serving(pool: pg.Pool, run: (call: AdapterCall, client: pg.PoolClient) => unknown) {
  const service = await serve({
    idempotency: { store: postgresStore({ pool }), scope: "shared", ...patient },
    route: {},
    async run(call) {
      const client = await pool.connect();
      try {
        return await run(call, client);
      } finally {
        client.release();
      }
    },
  });
  onTestFinished(() => service.close());
  return async (key: string): Promise<[number, boolean, string]> => {
    const response = await fetch(service.origin, {
      method: "POST",
      headers: { "idempotency-key": key },
      // Less than a statement would wait for a connection.
      signal: AbortSignal.timeout(10_000),
    });
    const isReplay = response.headers.get("idempotent-replayed") === "true";
    return [response.status, isReplay, await response.text()];
  };
}

/** How many connections have set this name. */
async function connections(application: string): Promise<number> {
  const client = new pg.Client(server.connection);
  await client.connect();
  const { rowCount } = await client.query(
    "SELECT FROM pg_stat_activity WHERE application_name = $1",
    [application],
  );
  await client.end();
  return rowCount ?? 0;
}

/** How a handler may wait for the end of its response, and what it answers. */
const ways: readonly (readonly [
  name: string,
  run: (call: AdapterCall, client: pg.PoolClient) => Promise<null>,
])[] = [
  [
    "a pipeline",
    async ({ response }, client) => {
      const { rows } = await client.query("SELECT n::text FROM generate_series(1, 3) AS n");
      await pipeline(Readable.from(rows.map(({ n }) => n)), response);
      return null;
    },
  ],
  [
    "finish",
    async ({ response }) => {
      response.write("12");
      response.end("3");
      await once(response, "finish");
      return null;
    },
  ],
  [
    "a callback, with a declared length",
    async ({ response }) => {
      response.setHeader("content-length", 3);
      await new Promise<void>((resolve) => response.end("123", resolve));
      return null;
    },
  ],
];

const names = ways.map(([name]) => name);

test.each([1, 3])("%i handlers hold all connections until their responses end", async (max) => {
  for (const [name, run] of ways) {
    const pool = opened({ max });
    let running = 0;
    let arrive = (): void => {};
    const all = new Promise<void>((resolve) => (arrive = resolve));
    const post = await serving(pool, async (call, client) => {
      if ((running += 1) === max) arrive();
      await all;
      return run(call, client);
    });
    const keys = Array.from(
      { length: max },
      (_, number) => `key-${names.indexOf(name)}-${max}-${number}`,
    );
    expect(await Promise.all(keys.map(post))).toEqual(keys.map(() => [200, false, "123"]));
    expect(await Promise.all(keys.map(post))).toEqual(keys.map(() => [200, true, "123"]));
    expect(pool.totalCount).toBe(max);
  }
});

test("a failure of such a handler frees its key", async () => {
  let runs = 0;
  const post = await serving(opened({ max: 1 }), async ({ response }) => {
    response.statusCode = (runs += 1) === 1 ? 503 : 200;
    response.end(`run ${runs}`);
    await once(response, "finish");
    return null;
  });
  expect(await post("fails")).toEqual([503, false, "run 1"]);
  expect(await post("fails")).toEqual([200, false, "run 2"]);
});

test("a claim is renewed while all connections are in use for longer than its lease", async () => {
  const pool = opened({ max: 1 });
  const store = postgresStore({ pool });
  const settings = claimConfig({ store, leaseMs: 600, storeTimeoutMs: 200 }, "test");
  const request = { scope: "shared", key: "renewed", fingerprint: "f".repeat(43) };
  const beginning = await beginClaim(request, settings);
  if (beginning.action !== "run") throw new Error(beginning.action);
  const client = await pool.connect();
  // real time: a lease runs by the server's clock.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(beginning.claim.signal.aborted).toBe(false);
  client.release();
  const second = await beginClaim(request, settings);
  expect(second).toMatchObject({ error: { code: "ERR_REISSUE_KEY_IN_FLIGHT" } });
  await beginning.claim.release();
});

test("one additional connection is opened like those of the pool, and closed soon", async () => {
  const onConnect = async (client: pg.ClientBase): Promise<void> => {
    await client.query("SET application_name = 'mine'");
  };
  const pool = opened({ max: 2, onConnect });
  let [connects, removes] = [0, 0];
  pool.on("connect", () => (connects += 1));
  pool.on("remove", () => (removes += 1));
  const store = postgresStore({ pool, prepare: true });
  const ids = Array.from({ length: 20 }, (_, number) => ({
    id: `taken-${number}`.padEnd(43, "-"),
    owner: "o".repeat(22),
    fingerprint: "f".repeat(43),
    leaseMs: 60_000,
    retentionMs: 60_000,
    takeOver: true,
  }));
  for (const request of ids) await store.claim(request);
  const held = [await pool.connect(), await pool.connect()];
  const kept = ids.map(async (request) =>
    store.complete({ ...request, fence: 1 }, Buffer.from("kept"), 60_000),
  );
  expect(await Promise.all(kept)).toEqual(ids.map(() => true));
  expect([connects, await connections("mine")]).toEqual([3, 3]);
  await expect.poll(() => connections("mine"), { timeout: 5000 }).toBe(2);
  expect(removes).toBe(1);
  for (const client of held) client.release();
});

test("a spare connection that is cut is opened again, and one that cannot be opened fails its call", async () => {
  const pool = opened({ max: 1 });
  const store = postgresStore({ pool });
  const token = { id: "x".repeat(43), owner: "o".repeat(22), fence: 1 };
  const client = await pool.connect();
  expect(await store.release(token)).toBe(false);
  const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`;
  await client.query(cut);
  const release = async (): Promise<unknown> => store.release(token);
  await expect.poll(() => release().catch(() => null)).toBe(false);
  // pg reads the options of a pool for each connection.
  Object.assign(pool.options, { port: 1 });
  await client.query(cut);
  await expect
    .poll(() => release().catch((error: unknown) => error))
    .toMatchObject({ code: "ECONNREFUSED" });
  client.release();
});

test("a pool of another kind, without counts, is used as it is", async () => {
  const inner = opened({ max: 2 });
  const pool: PostgresPool = {
    query: (statement) => inner.query(statement),
    connect: () => inner.connect(),
  };
  const store = postgresStore({ pool });
  const token = { id: "y".repeat(43), owner: "o".repeat(22), fence: 1 };
  expect(await store.release(token)).toBe(false);
});
