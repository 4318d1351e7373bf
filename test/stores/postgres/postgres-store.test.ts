import { setTimeout as sleep } from "node:timers/promises";

import { postgresStore } from "@reissue/store-postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { request } from "./request.ts";
import { startPostgres, type PostgresServer } from "./server.ts";

let server: PostgresServer;
let pool: pg.Pool;

beforeAll(async () => {
  server = await startPostgres();
  pool = opened();
  await postgresStore({ pool }).migrate();
  await pool.query("CREATE EXTENSION pg_stat_statements");
});

afterAll(async () => {
  await pool.end();
  await server.stop();
});

function opened(settings: pg.PoolConfig = {}): pg.Pool {
  return new pg.Pool({ ...server.connection, ...settings });
}

/** A row as PostgreSQL keeps it: which version of it, and who last wrote or locked it. */
async function version(id: string): Promise<unknown> {
  const text = "SELECT ctid, xmin, xmax, r.* FROM reissue_idempotency AS r WHERE id = $1";
  return (await pool.query(text, [id])).rows[0];
}

test.each([
  ["public", `quote"s`],
  [`a "schema"; --`, `'; DROP TABLE "reissue_idempotency"; --`],
  ["S", "x".repeat(63)],
  ["s".repeat(63), "é".repeat(31)],
])("a schema named %s and a table named %s are supported", async (schema, table) => {
  const store = postgresStore({ pool, schema, table });
  await store.migrate();
  await store.migrate();
  const claim = request("named");
  expect(await store.claim(claim)).toEqual({ state: "claimed", fence: 1 });
  expect(await store.complete({ ...claim, fence: 1 }, Buffer.from("a"), 1)).toBe(true);
  // real time: the record expires by the server's clock
  await sleep(5);
  expect(await store.sweep()).toBe(1);
});

test("eight processes can migrate at once", async () => {
  const pools = Array.from({ length: 8 }, () => opened({ max: 1 }));
  onTestFinished(() => void pools.map((each) => each.end()));
  for (let round = 0; round < 3; round += 1) {
    const names = { schema: `raced_${round}`, table: "records" };
    await Promise.all(pools.map((each) => postgresStore({ pool: each, ...names }).migrate()));
    const { rows } = await pool.query("SELECT FROM pg_indexes WHERE schemaname = $1", [
      names.schema,
    ]);
    expect(rows).toHaveLength(2);
  }
});

test("a role with exactly the rights that the README names migrates if nothing is missing, and claims", async () => {
  const schema = "elsewhere";
  await postgresStore({ pool, schema }).migrate();
  await pool.query("CREATE ROLE service LOGIN");
  for (const table of ["reissue_idempotency", `${schema}.reissue_idempotency`]) {
    await pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO service`);
  }
  const restricted = opened({ user: "service", max: 1 });
  onTestFinished(() => restricted.end());
  const claimed = { state: "claimed", fence: 1 };
  const store = postgresStore({ pool: restricted });
  await store.migrate();
  expect(await store.claim(request("restricted"))).toEqual(claimed);
  const other = postgresStore({ pool: restricted, schema });
  await expect(other.claim(request("restricted"))).rejects.toThrow("permission denied for schema");
  await pool.query(`GRANT USAGE ON SCHEMA ${schema} TO service`);
  await other.migrate();
  expect(await other.claim(request("restricted"))).toEqual(claimed);
  expect(await other.sweep()).toBe(0);
});

test("a missing or different table is named in the error", async () => {
  const missing = postgresStore({ pool, table: "missing" });
  const says = { code: "ERR_REISSUE_STORE_UNAVAILABLE", message: /has no table: run migrate\(\)$/ };
  const unavailable = expect.objectContaining({
    ...says,
    message: expect.stringMatching(says.message),
  });
  const token = { ...request("x"), fence: 1 };
  await expect(missing.claim(request("x"))).rejects.toEqual(unavailable);
  await expect(missing.renew(token, 1)).rejects.toEqual(unavailable);
  await expect(missing.complete(token, Buffer.alloc(0), 1)).rejects.toEqual(unavailable);
  await expect(missing.release(token)).rejects.toEqual(unavailable);
  await expect(missing.sweep()).rejects.toEqual(unavailable);
  await pool.query("CREATE TABLE taken (id text)");
  await expect(postgresStore({ pool, table: "taken" }).migrate()).rejects.toThrow(
    "cannot use its table, which has other columns",
  );
});

test.each([
  [{}, "pool must be a Pool of pg, with a query method"],
  [{ pool: 1 }, "pool must be a Pool of pg, with a query method"],
  [{ schema: "" }, 'schema must be a name, got ""'],
  [{ table: "x".repeat(64) }, "table must have 63 bytes at most, got 64"],
  [{ prepare: 1 }, "prepare must be true or false"],
  [
    { tabel: "x" },
    "options.tabel is not an option; did you mean options.table? (known: pool, schema, table, prepare)",
  ],
])("options %j are refused", (options, message) => {
  const given = "pool" in options || message.startsWith("pool") ? options : { pool, ...options };
  expect(() => postgresStore(given as never)).toThrow(
    expect.objectContaining({ code: "ERR_REISSUE_OPTION", message }),
  );
});

test("each step is a single statement", async () => {
  const store = postgresStore({ pool, table: "counted" });
  await store.migrate();
  const first = request("counted");
  const token = { ...first, fence: 1 };
  await pool.query("SELECT pg_stat_statements_reset()");
  await store.claim(first);
  await store.renew(token, 1000);
  await store.complete(token, Buffer.from("a"), 1000);
  await store.claim(request("counted"));
  await store.release(token);
  const { rows } = await pool.query(
    "SELECT sum(calls)::int AS calls FROM pg_stat_statements WHERE query LIKE '%counted%'",
  );
  expect(rows).toEqual([{ calls: 5 }]);
});

describe("a claim that cannot have the record leaves no trace", () => {
  test.each([
    ["in flight", {}, { state: "in-flight" }],
    ["mismatch", { fingerprint: "another" }, { state: "mismatch" }],
  ])("rejects with the state %s", async (name, settings, result) => {
    const store = postgresStore({ pool });
    const first = request(name);
    await store.claim(first);
    const before = await version(first.id);
    expect(await store.claim(request(name, settings))).toMatchObject(result);
    expect(await version(first.id)).toEqual(before);
  });

  test("replays while another transaction holds the row", async () => {
    const store = postgresStore({ pool });
    const first = request("locked");
    const answer = Buffer.from("answer");
    await store.claim(first);
    await store.complete({ ...first, fence: 1 }, answer, 60_000);
    const client = await pool.connect();
    await client.query("BEGIN");
    await client.query("SELECT FROM reissue_idempotency WHERE id = $1 FOR UPDATE", [first.id]);
    const before = await version(first.id);
    expect(await store.claim(request("locked"))).toEqual({ state: "completed", answer });
    expect(await version(first.id)).toEqual(before);
    await client.query("ROLLBACK");
    client.release();
  });
});

test("a repeated claim has the same result, and changes nothing", async () => {
  const store = postgresStore({ pool });
  const first = request("again");
  const token = { ...first, fence: 1 };
  await store.claim(first);
  let before = await version(first.id);
  expect(await store.claim(first)).toEqual({ state: "claimed", fence: 1 });
  expect(await version(first.id)).toEqual(before);
  expect(await store.complete(token, Buffer.from("first"), 60_000)).toBe(true);
  expect(await store.complete(token, Buffer.from("second"), 1)).toBe(true);
  before = await version(first.id);
  expect(await store.claim(request("again"))).toEqual({
    state: "completed",
    answer: Buffer.from("first"),
  });
  expect(await version(first.id)).toEqual(before);
});

test("the owner of a lapsed record gets it with the same fence if it claims it again", async () => {
  const store = postgresStore({ pool });
  const first = request("lapsed and mine", { leaseMs: 0 });
  await store.claim(first);
  expect(await store.claim(first)).toEqual({ state: "claimed", fence: 1 });
  expect(await store.renew({ ...first, fence: 1 }, 60_000)).toBe(true);
  expect(await store.claim(request("lapsed and mine"))).toMatchObject({ state: "in-flight" });
});

describe("a claim that its snapshot shows nothing", () => {
  /** A row that another transaction is inserting. */
  async function inserting(key: string, answer: Buffer | null): Promise<pg.PoolClient> {
    const { id, owner, fingerprint } = request(key);
    const client = await pool.connect();
    await client.query("BEGIN");
    await client.query(
      `INSERT INTO reissue_idempotency VALUES
      ($1, $2, 1, $3, now() + interval '1 minute', now() + interval '1 hour', $4)`,
      [id, owner, fingerprint, answer],
    );
    return client;
  }

  async function waiting(): Promise<void> {
    for (let left = 200; left > 0; left -= 1) {
      const text = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
      if ((await pool.query(text)).rowCount === 1) return;
      // real time: polls for a lock in another process
      await sleep(10);
    }
    throw new Error("Nobody waits for a lock");
  }

  test.each([
    ["in flight", null, {}, { state: "in-flight" }],
    ["mismatch", null, { fingerprint: "another" }, { state: "mismatch" }],
    ["completed", Buffer.from("a"), {}, { state: "completed", answer: Buffer.from("a") }],
    ["answered", Buffer.from("a"), { fingerprint: "another" }, { state: "mismatch" }],
  ])(
    "waits, and then gets the outcome of the other claim: %s",
    async (name, answer, settings, result) => {
      const client = await inserting(`race: ${name}`, answer);
      const claim = postgresStore({ pool }).claim(request(`race: ${name}`, settings));
      await waiting();
      await client.query("COMMIT");
      client.release();
      expect(await claim).toMatchObject(result);
      const { rows } = await pool.query(
        "SELECT owner, fence FROM reissue_idempotency WHERE id = $1",
        [request(`race: ${name}`).id],
      );
      expect(rows).toEqual([{ owner: expect.any(String), fence: 1 }]);
    },
  );

  test("succeeds if the other claim gives up", async () => {
    const client = await inserting("gives up", null);
    const claim = postgresStore({ pool }).claim(request("gives up"));
    await waiting();
    await client.query("ROLLBACK");
    client.release();
    expect(await claim).toEqual({ state: "claimed", fence: 1 });
  });
});

test("a response of 5 MB comes back unchanged, and later claims do not write it again", async () => {
  const store = postgresStore({ pool, table: "large" });
  await store.migrate();
  const answer = Buffer.alloc(5_000_000);
  for (let at = 0; at < answer.length; at += 4)
    answer.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
  const first = request("large");
  await store.claim(first);
  expect(await store.complete({ ...first, fence: 1 }, new Uint8Array(answer), 60_000)).toBe(true);
  const size = async (): Promise<unknown> =>
    (await pool.query("SELECT pg_table_size('large') AS size")).rows[0]?.size;
  const before = await size();
  const replay = await store.claim(request("large"));
  expect(replay.state === "completed" && answer.equals(replay.answer)).toBe(true);
  expect(await store.claim(request("large", { fingerprint: "another" }))).toEqual({
    state: "mismatch",
  });
  expect(await size()).toBe(before);
});

test.each(["repeatable read", "serializable"])(
  "connections that are %s by default can claim as all others can",
  async (isolation) => {
    const strict = opened({
      max: 16,
      options: `-c default_transaction_isolation=${isolation.replace(" ", String.raw`\ `)}`,
    });
    onTestFinished(() => strict.end());
    const { rows } = await strict.query("SHOW transaction_isolation");
    expect(rows).toEqual([{ transaction_isolation: isolation }]);
    const store = postgresStore({ pool: strict });
    for (let key = 0; key < 8; key += 1) {
      const claims = Array.from({ length: 16 }, async () =>
        store.claim(request(`${isolation} ${key}`)),
      );
      const states = (await Promise.all(claims)).map(({ state }) => state);
      expect(states.toSorted()).toEqual(["claimed", ...Array(15).fill("in-flight")]);
    }
  },
);

test("statements may be prepared, and the parsers of the application do not matter", async () => {
  const names: unknown[] = [];
  const types: pg.CustomTypesConfig = { getTypeParser: () => () => "unreadable" };
  // Text is what everybody leaves alone.
  types.getTypeParser = ((oid: number) =>
    oid === 25 ? String : () => 2n) as typeof types.getTypeParser;
  const own = opened({ types, max: 1 });
  onTestFinished(() => own.end());
  const query = own.query.bind(own) as (statement: pg.QueryConfig) => Promise<pg.QueryResult>;
  own.query = ((statement: pg.QueryConfig) => {
    names.push(statement.name);
    return query(statement);
  }) as typeof own.query;
  const store = postgresStore({ pool: own, prepare: true });
  for (const key of ["prepared 1", "prepared 2"]) {
    const first = request(key);
    expect(await store.claim(first)).toEqual({ state: "claimed", fence: 2 });
    expect(await store.complete({ ...first, fence: 1 }, Buffer.from(key), 60_000)).toBe(true);
    expect(await store.claim(request(key))).toEqual({
      state: "completed",
      answer: Buffer.from(key),
    });
  }
  expect(new Set(names).size).toBe(2);
  expect(names).toEqual(names.map(() => expect.stringMatching(/^reissue_[0-9a-f]{32}$/)));
  names.length = 0;
  await postgresStore({ pool: own }).claim(request("unprepared"));
  expect(names).toEqual([undefined]);
});
