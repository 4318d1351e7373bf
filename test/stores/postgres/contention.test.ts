import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { postgresStore } from "@reissue/store-postgres";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

import { request } from "./request.ts";
import { startPostgres, type PostgresServer } from "./server.ts";

let server: PostgresServer;
let pool: pg.Pool;

beforeAll(async () => {
  server = await startPostgres();
  pool = new pg.Pool(server.connection);
  await postgresStore({ pool }).migrate();
});

afterAll(async () => {
  await pool.end();
  await server.stop();
});

test("one of 16 claims each from two processes holds its key, for each of 300 keys, and every claim gets a result", async () => {
  const keys = 300;
  const args = [JSON.stringify(server.connection), String(keys), "8"];
  const children = [0, 1].map(() => fork(join(import.meta.dirname, "contender.js"), args));
  onTestFinished(() => void children.map((child) => child.kill("SIGKILL")));
  await Promise.all(children.map((child) => once(child, "message")));
  const told = children.map(results);
  for (const child of children) child.send("go");
  const [first = [], second = []] = await Promise.all(told);
  for (let key = 0; key < keys; key += 1) {
    const count = (state: string) => (first[key]?.[state] ?? 0) + (second[key]?.[state] ?? 0);
    expect([count("claimed"), count("in-flight")]).toEqual([1, 15]);
  }
});

async function results(child: ChildProcess): Promise<Record<string, number>[]> {
  const [message] = await once(child, "message");
  return message as Record<string, number>[];
}

test("one of 16 claims of a lapsed record takes it over", async () => {
  const store = postgresStore({ pool });
  for (let key = 0; key < 30; key += 1) {
    await store.claim(request(`lapsed ${key}`, { leaseMs: 0 }));
    const claims = Array.from({ length: 16 }, async () => store.claim(request(`lapsed ${key}`)));
    const winners = (await Promise.all(claims)).filter(({ state }) => state !== "in-flight");
    expect(winners).toEqual([{ state: "claimed", fence: 2 }]);
  }
});

test("one of 16 claims of an expired record gets it", async () => {
  const store = postgresStore({ pool });
  for (let key = 0; key < 30; key += 1) {
    const first = request(`expired ${key}`, { leaseMs: 0, retentionMs: 0 });
    await store.claim(first);
    const claims = Array.from({ length: 16 }, async () => store.claim(request(`expired ${key}`)));
    const winners = (await Promise.all(claims)).filter(({ state }) => state !== "in-flight");
    expect(winners).toEqual([{ state: "claimed", fence: 1 }]);
  }
});
