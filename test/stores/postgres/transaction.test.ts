import { setTimeout as sleep } from "node:timers/promises";

import {
  decodeResponse,
  idempotencyChannel,
  type StoredResponse,
  type Claim,
  type IdempotencyMessage,
} from "@reissue/core";
import { beginClaim, claimConfig, recordId } from "@reissue/core/internal";
import { postgresStore, type PostgresStore } from "@reissue/store-postgres";
import { manualClock } from "@reissue/testing";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

import { request } from "./request.ts";
import { startPostgres, type PostgresServer } from "./server.ts";
import { replyProxy } from "../reply-proxy.ts";

let server: PostgresServer;
let pool: pg.Pool;
let store: PostgresStore<pg.PoolClient>;
/** The engine's; PostgreSQL has its own. */
const clock = manualClock();

beforeAll(async () => {
  server = await startPostgres();
  pool = new pg.Pool(server.connection);
  pool.on("error", () => {});
  store = postgresStore({ pool });
  await store.migrate();
  await pool.query("CREATE TABLE effects (key text)");
  await pool.query("CREATE TABLE parents (id int PRIMARY KEY)");
  await pool.query(
    "CREATE TABLE children (id int REFERENCES parents DEFERRABLE INITIALLY DEFERRED)",
  );
});

afterAll(async () => {
  await pool.end();
  await server.stop();
});

/** A claim of a key, as the engine gives it to a handler. */
async function claimed(key: string): Promise<Claim> {
  const settings = claimConfig({ store, retentionMs: 60_000 }, "test", { clock });
  const { fingerprint } = request(key);
  const beginning = await beginClaim({ scope: "tests", key, fingerprint }, settings);
  if (beginning.action !== "run") throw new Error(`${key} is not to run: ${beginning.action}`);
  onTestFinished(() => beginning.claim.abandon());
  return beginning.claim;
}

const effect = (key: string) => async (client: pg.PoolClient) => {
  await client.query("INSERT INTO effects VALUES ($1)", [key]);
  return { status: 201, body: { key } };
};

async function effects(key: string): Promise<number | null> {
  return (await pool.query("SELECT FROM effects WHERE key = $1", [key])).rowCount;
}

/** What another request with the key is told; without its claim, if it may run. */
async function told(key: string): Promise<string | StoredResponse> {
  const result = await store.claim(request(key, { takeOver: false }));
  return result.state === "completed" ? decodeResponse(result.answer) : result.state;
}

/** What happened to a key from now on. */
function events(key: string): string[] {
  const heard: string[] = [];
  const listener = (message: unknown): void => {
    const { id, event } = message as IdempotencyMessage;
    if (id === recordId("tests", key)) heard.push(event);
  };
  idempotencyChannel.subscribe(listener);
  onTestFinished(() => {
    idempotencyChannel.unsubscribe(listener);
  });
  return heard;
}

test("the work and the response commit together, and a replay gives the response", async () => {
  const heard = events("together");
  const claim = await claimed("together");
  const answer = await store.withTransaction(claim, effect("together"));
  expect(answer).toEqual({
    status: 201,
    headers: [["Content-Type", "application/json; charset=utf-8"]],
    trailers: [],
    body: Buffer.from('{"key":"together"}'),
  });
  expect(await told("together")).toEqual(answer);
  expect(await effects("together")).toBe(1);
  expect(heard).toEqual(["claimed", "completed"]);
  const text = "SELECT expires_at - now() AS left FROM reissue_idempotency WHERE id = $1";
  const { rows } = await pool.query(text, [claim.id]);
  expect(rows[0].left.seconds).toBeGreaterThan(50);
});

test.each<[string, (client: pg.PoolClient) => Promise<any>, RegExp]>([
  ["rejects", () => Promise.reject(new Error("no stock")), /^no stock$/],
  ["fails in SQL", (client) => client.query("SELECT 1 / 0"), /division by zero/],
  [
    "hides a failure",
    async (client) => {
      await client.query("SELECT 1 / 0").catch(() => {});
      return {};
    },
    /current transaction is aborted/,
  ],
  ["has no response", () => Promise.resolve(), /answer must be an object/],
  [
    "has a header that cannot be stored",
    () => Promise.resolve({ headers: { "Set-Cookie": "a=b" } }),
    /cannot be stored/,
  ],
  [
    "fails at COMMIT",
    async (client) => {
      await client.query("INSERT INTO children VALUES (1)");
      return {};
    },
    /foreign key/,
  ],
])("the work is rolled back, and may be tried again, if it %s", async (name, fail, message) => {
  const claim = await claimed(name);
  const failing = store.withTransaction(claim, async (client) => {
    await effect(name)(client);
    return fail(client);
  });
  await expect(failing).rejects.toThrow(message);
  expect(await effects(name)).toBe(0);
  expect(claim.settled).toBe(false);
  expect(await told(name)).toBe("in-flight");
  await store.withTransaction(claim, effect(name));
  expect(await effects(name)).toBe(1);
  expect(await told(name)).toMatchObject({ status: 201 });
});

test("the work fails with a clear error if it ends its own transaction", async () => {
  const claim = await claimed("ended");
  const ended = store.withTransaction(claim, async (client) => {
    await client.query("COMMIT");
    return {};
  });
  await expect(ended).rejects.toThrow("ended its transaction itself");
  expect(await told("ended")).toBe("in-flight");
});

test("the work commits without a claim, and no response is stored", async () => {
  const before = await pool.query("SELECT FROM reissue_idempotency");
  const answer = await store.withTransaction(null, effect("no key"));
  expect(answer).toMatchObject({ status: 201, body: Buffer.from('{"key":"no key"}') });
  const { rowCount } = await pool.query("SELECT FROM effects WHERE key = 'no key'");
  expect(rowCount).toBe(1);
  const after = await pool.query("SELECT FROM reissue_idempotency");
  expect(after.rowCount).toBe(before.rowCount);
  await expect(store.withTransaction(null, () => Promise.reject(new Error("no")))).rejects.toThrow(
    "no",
  );
});

/** How a work hides that one of its statements has failed. */
const hiding: [name: string, hide: (client: pg.PoolClient) => Promise<unknown> | void][] = [
  ["in a catch", (client) => client.query("SELECT 1 / 0").catch(() => {})],
  ["by not waiting for it", (client) => void client.query("SELECT 1 / 0").catch(() => {})],
];

test.each(hiding)(
  "a failure hidden %s is reported, with a key and without one",
  async (name, hide) => {
    const key = `hidden ${name}`;
    const work = async (client: pg.PoolClient): Promise<object> => {
      await effect(key)(client);
      await hide(client);
      return { status: 201 };
    };
    const aborted = { severity: "ERROR", code: "25P02" };
    await expect(store.withTransaction(await claimed(key), work)).rejects.toMatchObject(aborted);
    await expect(store.withTransaction(null, work)).rejects.toMatchObject(aborted);
    expect(await effects(key)).toBe(0);
    // The connection is as good as new.
    await store.withTransaction(null, effect(key));
    expect(await effects(key)).toBe(1);
  },
);

test("a hidden failure is reported without a key in the same way as with one", async () => {
  const work = async (client: pg.PoolClient): Promise<object> => {
    await client.query("SELECT 1 / 0").catch(() => {});
    return {};
  };
  const claim = await claimed("told alike");
  const [keyed, unkeyed] = await Promise.all(
    [claim, null].map((each) => store.withTransaction(each, work).catch((e: unknown) => e)),
  );
  expect(unkeyed).toBeInstanceOf(pg.DatabaseError);
  expect(String(unkeyed)).toBe(String(keyed));
});

test("a rollback to a savepoint is not a failure", async () => {
  await store.withTransaction(null, async (client) => {
    await client.query("SAVEPOINT before");
    await client.query("SELECT 1 / 0").catch(() => client.query("ROLLBACK TO before"));
    return effect("saved")(client);
  });
  expect(await effects("saved")).toBe(1);
});

test("a failure after the completion leaves neither a response nor the work, and the claim held", async () => {
  const claim = await claimed("straggler");
  const failing = store.withTransaction(claim, async (client) => {
    await effect("straggler")(client);
    void client
      .query("SELECT 1")
      .then(() => client.query("SELECT 1 / 0"))
      .catch(() => {});
    return {};
  });
  await expect(failing).rejects.toMatchObject({ code: "25P02" });
  expect(claim.settled).toBe(false);
  expect(await effects("straggler")).toBe(0);
  expect(await told("straggler")).toBe("in-flight");
});

test("the work may choose its isolation level", async () => {
  await store.withTransaction(await claimed("isolated"), async (client) => {
    await client.query("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
    return effect("isolated")(client);
  });
  expect(await effects("isolated")).toBe(1);
});

test("an owner whose claim was taken over commits nothing", async () => {
  const claim = await claimed("taken");
  const late = store.withTransaction(claim, async (client) => {
    await store.renew(claim, 1);
    // real time: the lease ends by the server's clock
    await sleep(5);
    expect(await store.claim(request("taken"))).toEqual({ state: "claimed", fence: 2 });
    return effect("taken")(client);
  });
  await expect(late).rejects.toMatchObject({ status: 409, code: "ERR_REISSUE_CLAIM_LOST" });
  expect(await effects("taken")).toBe(0);
  expect(await told("taken")).toBe("in-flight");
});

test.each<[string, (claim: Claim) => Promise<unknown> | void]>([
  ["released", (claim) => claim.release()],
  ["abandoned", (claim) => claim.abandon()],
  ["completed", (claim) => store.withTransaction(claim, effect("completed"))],
])("no work runs for a claim that was %s", async (name, settle) => {
  const claim = await claimed(name);
  await settle(claim);
  const before = await effects(name);
  await expect(store.withTransaction(claim, effect(name))).rejects.toMatchObject({
    status: 409,
    code: "ERR_REISSUE_CLAIM_LOST",
  });
  expect(await effects(name)).toBe(before);
});

test("one of two transactions with one claim commits", async () => {
  const claim = await claimed("twice");
  const both = await Promise.allSettled([
    store.withTransaction(claim, effect("twice")),
    store.withTransaction(claim, effect("twice")),
  ]);
  expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(await effects("twice")).toBe(1);
});

test("long work keeps its lease, and blocks no other request", async () => {
  const lease = async (): Promise<Date> => {
    const text = "SELECT lease_until FROM reissue_idempotency WHERE id = $1";
    return (await pool.query(text, [recordId("tests", "long")])).rows[0].lease_until;
  };
  const heard = events("long");
  const claim = await claimed("long");
  await store.withTransaction(claim, async (client) => {
    await effect("long")(client);
    for (let beat = 0; beat < 3; beat += 1) {
      const before = await lease();
      await clock.advance(10_000);
      await expect.poll(lease).not.toEqual(before);
      expect(await store.claim(request("long"))).toMatchObject({ state: "in-flight" });
    }
    return { body: "done" };
  });
  expect(await told("long")).toMatchObject({ body: Buffer.from("done") });
  expect(heard).toEqual(["claimed", "completed"]);
});

/** Makes COMMIT take 500 ms in a transaction that inserts a parent. */
async function slowCommits(): Promise<void> {
  // real time: the server's COMMIT must last
  await pool.query(`CREATE OR REPLACE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$`);
  await pool.query("DROP TRIGGER IF EXISTS slow ON parents");
  await pool.query(`CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON parents
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slowly()`);
}

test("heartbeats that wait for COMMIT do not treat the completion as a loss", async () => {
  await slowCommits();
  const keys = Array.from({ length: 4 }, (_, index) => `renewed ${index}`);
  const heard = keys.map(events);
  const claims = await Promise.all(keys.map((key) => claimed(key)));
  const committing = claims.map((claim, index) =>
    store.withTransaction(claim, async (client) => {
      await client.query("INSERT INTO parents VALUES ($1)", [index]);
      return {};
    }),
  );
  // real time: the server must be in the middle of its COMMIT
  await sleep(250);
  await clock.advance(10_000);
  await Promise.all(committing);
  expect(heard).toEqual(keys.map(() => ["claimed", "completed"]));
});

test("a connection that is cut before COMMIT has done anything leaves the claim to its lease", async () => {
  await slowCommits();
  const claim = await claimed("cut early");
  let pid: unknown;
  const cut = store.withTransaction(claim, async (client) => {
    pid = (await client.query("SELECT pg_backend_pid() AS pid")).rows[0].pid;
    await client.query("INSERT INTO parents VALUES (100)");
    return effect("cut early")(client);
  });
  const failure = cut.catch((error: unknown) => error);
  // real time: the server must be in the middle of its COMMIT
  await sleep(150);
  await pool.query("SELECT pg_terminate_backend($1)", [pid]);
  expect(await failure).toMatchObject({ message: expect.stringMatching(/terminat/) });
  expect(claim.settled).toBe(true);
  expect(await effects("cut early")).toBe(0);
  expect(await told("cut early")).toBe("in-flight");
});

test("a connection that is cut before the reply to COMMIT leaves both work and response", async () => {
  const proxy = await replyProxy(server.connection.port);
  const proxied = new pg.Pool({ ...server.connection, port: proxy.port });
  proxied.on("error", () => {});
  onTestFinished(async () => {
    await proxied.end();
    await proxy.close();
  });
  const claim = await claimed("cut late");
  const cut = postgresStore({ pool: proxied }).withTransaction(claim, async (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((...args: [{ text: unknown }]) => {
      if (args[0].text === "COMMIT") proxy.swallow();
      return query(...args);
    }) as typeof client.query;
    return effect("cut late")(client);
  });
  const failure = cut.catch((error: unknown) => error);
  for (let left = 500; left > 0 && (await told("cut late")) === "in-flight"; left -= 1) {
    // real time: polls for a COMMIT in another process
    await sleep(10);
  }
  expect(claim.settled).toBe(false);
  proxy.cut();
  expect(await failure).toMatchObject({ message: expect.stringMatching(/terminat/) });
  expect(claim.settled).toBe(true);
  expect(await effects("cut late")).toBe(1);
  expect(await told("cut late")).toMatchObject({ status: 201 });
});
