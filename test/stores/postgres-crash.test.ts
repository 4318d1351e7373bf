import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { begin, claimSettings, type Answer } from "@reissue/core";
import { postgresStore, type PostgresStore } from "@reissue/store-postgres";
import { seededRandom } from "@reissue/testing";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

import { startPostgres, type PostgresServer } from "./postgres-server.ts";

let server: PostgresServer;
let pool: pg.Pool;
let store: PostgresStore<pg.PoolClient>;

beforeAll(async () => {
  server = await startPostgres();
  pool = new pg.Pool(server.connection);
  store = postgresStore({ pool });
  await store.migrate();
  await pool.query("CREATE TABLE effects (key text)");
});

afterAll(async () => {
  await pool.end();
  await server.stop();
});

/** Starts the service, lets it work through keys, and kills it `afterMs` after its first claim. */
async function killed(keys: readonly string[], afterMs: number): Promise<Set<string>> {
  const victim = join(import.meta.dirname, "postgres-victim.js");
  const child = spawn(process.execPath, [victim, JSON.stringify(server.connection)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  // Its last words come before "close", and may come after "exit".
  const close = once(child, "close");
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stdin.on("error", () => {});
  child.stdin.write(`${keys.join("\n")}\n`);
  await once(child.stdout, "data");
  await sleep(afterMs);
  child.kill("SIGKILL");
  await close;
  return new Set(output.split("\n").slice(0, -1));
}

/** A request with the key, again until it is answered. */
async function retried(key: string): Promise<Answer> {
  const settings = claimSettings({ store, leaseMs: 3000, storeTimeoutMs: 1000 }, "test");
  for (let left = 300; left > 0; left -= 1) {
    const beginning = await begin({ scope: "tests", key, fingerprint: "same" }, settings);
    if (beginning.action === "replay") return beginning.answer;
    if (beginning.action === "run") {
      return store.withTransaction(beginning.claim, async (client) => {
        await client.query("INSERT INTO effects VALUES ($1)", [key]);
        return { status: 201, body: { key } };
      });
    }
    await sleep(20);
  }
  throw new Error(`${key} is never answered`);
}

test("killed at 20 random moments, every request has one effect and one answer after a retry", async () => {
  const random = seededRandom(4);
  let cutShort = 0;
  for (let round = 0; round < 5; round += 1) {
    const trial = async (which: number): Promise<void> => {
      const keys = Array.from({ length: 200 }, (_, n) => `${round} ${which} ${n}`);
      const said = await killed(keys, random() * 60);
      const last = keys.findLastIndex((key) => said.has(`claimed ${key}`));
      if (!said.has(`done ${keys[last]}`)) cutShort += 1;
      // And the one that it may have claimed without saying so.
      for (const key of keys.slice(0, last + 2)) {
        expect(await retried(key)).toMatchObject({
          status: 201,
          body: Buffer.from(JSON.stringify({ key })),
        });
        const { rowCount } = await pool.query("SELECT FROM effects WHERE key = $1", [key]);
        expect(rowCount, key).toBe(1);
      }
    };
    await Promise.all([0, 1, 2, 3].map(trial));
  }
  expect(cutShort).toBeGreaterThan(0);
  const twice = "SELECT key FROM effects GROUP BY key HAVING count(*) > 1";
  expect((await pool.query(twice)).rows).toEqual([]);
  const { rows } = await pool.query(`SELECT
    (SELECT count(*) FROM effects) AS effects,
    (SELECT count(*) FROM reissue_idempotency WHERE answer IS NOT NULL) AS answers,
    (SELECT count(*) FROM reissue_idempotency WHERE answer IS NULL) AS unanswered`);
  expect(rows[0]).toEqual({ effects: rows[0].effects, answers: rows[0].effects, unanswered: "0" });
}, 120_000);
