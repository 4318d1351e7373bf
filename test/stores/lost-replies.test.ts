import { setTimeout as sleep } from "node:timers/promises";

import type { Guarantee, IdempotencyStore } from "@reissue/core";
import { beginClaim, claimConfig } from "@reissue/core/internal";
import { postgresStore } from "@reissue/store-postgres";
import { redisStore } from "@reissue/store-redis";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { startPostgres, type PostgresServer } from "./postgres/server.ts";
import { standalone } from "./redis/clients.ts";
import { RedisServer } from "./redis/server.ts";
import { replyProxy, type ReplyProxy } from "./reply-proxy.ts";

let redis: RedisServer;
let postgres: PostgresServer;

beforeAll(async () => {
  [redis, postgres] = await Promise.all([RedisServer.start(), startPostgres()]);
});

afterAll(() => Promise.all([redis.stop(), postgres.stop()]));

interface Opened {
  readonly store: IdempotencyStore;
  readonly proxy: ReplyProxy;
}

async function proxied(port: number): Promise<ReplyProxy> {
  const proxy = await replyProxy(port);
  onTestFinished(() => proxy.close());
  return proxy;
}

/** Real clients of real servers, whose replies can be lost on the way. */
const clients: readonly (readonly [name: string, open: () => Promise<Opened>])[] = [
  ...Object.entries(standalone).map(
    ([name, connect]) =>
      [
        name,
        async () => {
          const proxy = await proxied(redis.port);
          const { client, close } = await connect(proxy.port);
          onTestFinished(close);
          return { store: redisStore({ client }), proxy };
        },
      ] as const,
  ),
  [
    "pg",
    async () => {
      const proxy = await proxied(postgres.connection.port);
      const pool = new pg.Pool({ ...postgres.connection, port: proxy.port });
      pool.on("error", () => {});
      onTestFinished(() => pool.end());
      const store = postgresStore({ pool });
      await store.migrate();
      return { store, proxy };
    },
  ],
];

const guarantees: readonly Guarantee[] = ["at-least-once", "at-most-once"];

describe.each(clients)("%s, when the reply to a claim is lost", (_name, open) => {
  test.each(guarantees)(
    "%s: the request gets a 503, and the next one runs as the first",
    async (guarantee) => {
      const { store, proxy } = await open();
      const settings = claimConfig({ store, guarantee }, "test");
      const ask = (key: string) =>
        beginClaim({ scope: "shared", key, fingerprint: "f".repeat(43) }, settings);
      const first = crypto.randomUUID();
      // The connection is open, and the server knows the scripts.
      expect(await ask(crypto.randomUUID())).toMatchObject({ action: "run" });
      proxy.swallow();
      const asked = ask(first);
      // real time: the server has to have made the claim, and tells nobody.
      await sleep(100);
      proxy.cut();
      const answered = await asked;
      // Some clients send what was lost again, by themselves.
      if (answered.action === "run") return answered.claim.abandon();
      expect(answered).toMatchObject({ action: "refuse", error: { status: 503 } });
      const again = async (): Promise<unknown> => {
        const beginning = await ask(first);
        return beginning.action === "run" ? beginning.claim.fence : beginning;
      };
      await expect.poll(again, { timeout: 10_000 }).toBe(1);
    },
  );
});
