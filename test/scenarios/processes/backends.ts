import { setTimeout as sleep } from "node:timers/promises";

import { postgresStore } from "@reissue/store-postgres";
import pg from "pg";
import { afterAll, onTestFinished } from "vitest";

import { startPostgres, type PostgresServer } from "../../stores/postgres/server.ts";
import { RedisServer } from "../../stores/redis/server.ts";

/** A server that keeps records. */
export interface Backend {
  readonly url: string;
  /** Cuts all its connections; it is away for a moment. */
  restart(): Promise<void>;
}

/** A database of a PostgreSQL that this file's tests share. */
export interface Database extends Backend {
  query(text: string): Promise<Record<string, unknown>[]>;
}

let server: Promise<PostgresServer> | null = null;
let count = 0;
afterAll(async () => (await server)?.stop());

/** An empty database that has the store's table. */
export async function postgres(): Promise<Database> {
  server ??= startPostgres();
  const { connection, restart } = await server;
  const name = `test_${(count += 1)}`;
  const admin = new pg.Pool({ ...connection, max: 1 });
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const pool = new pg.Pool({ ...connection, database: name, max: 2 });
  pool.on("error", () => {});
  onTestFinished(() => pool.end());
  await postgresStore({ pool }).migrate();
  const { user, host, port } = connection;
  return {
    url: `postgres://${user}@${host}:${port}/${name}`,
    restart,
    query: async (text) => (await pool.query(text)).rows as Record<string, unknown>[],
  };
}

/** An empty Redis, which ends with the test. */
async function redis(): Promise<Backend> {
  const own = await RedisServer.start();
  onTestFinished(() => own.stop());
  return {
    url: `redis://127.0.0.1:${own.port}`,
    async restart() {
      await own.kill();
      // real time: the clients must notice that the server is away
      await sleep(200);
      await own.start();
    },
  };
}

/** Every store that many processes can share, and what opens it, empty. */
export const stores: readonly (readonly ["redis" | "postgres", () => Promise<Backend>])[] = [
  ["redis", redis],
  ["postgres", postgres],
];
