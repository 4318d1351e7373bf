import type { ClaimRequest } from "@reissue/core";
import { recordId } from "@reissue/core/internal";
import { redisStore, type RedisClient } from "@reissue/store-redis";
import { AbortError, createClient, createClientPool } from "redis";
import { createClient as createClient5, TimeoutError as TimeoutError5 } from "redis-5";
import { expect, onTestFinished, test, vi } from "vitest";

import { connected } from "./clients.ts";
import { RedisServer } from "./server.ts";

async function started(): Promise<RedisServer> {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  return server;
}

async function opened<Client extends Parameters<typeof connected>[0]>(client: Client) {
  const { close } = await connected(client);
  onTestFinished(close);
  return client;
}

function socket({ port }: RedisServer) {
  return { host: "127.0.0.1", port, reconnectStrategy: 50 };
}

/** Kills a server, and waits until its client knows. */
async function lost(
  server: RedisServer,
  client: { once(event: "reconnecting", listener: () => void): unknown },
): Promise<void> {
  const known = new Promise<void>((resolve) => void client.once("reconnecting", resolve));
  await server.kill();
  await known;
}

test.each<[string, (server: RedisServer) => Promise<RedisClient>]>([
  ["a client", (server) => opened(createClient({ socket: socket(server) }))],
  ["a pool", (server) => opened(createClientPool({ socket: socket(server) }))],
])("%s of node-redis creates no timeout for each command", async (_name, open) => {
  const store = redisStore({ client: await open(await started()) });
  const timeouts = vi.spyOn(AbortSignal, "timeout");
  const warnings = vi.spyOn(process, "emitWarning");
  onTestFinished(() => void vi.restoreAllMocks());
  const requests = Array.from({ length: 50 }, (_, at) => claim(`${at}`));
  await Promise.all(
    requests.map(async (request) => {
      const token = { ...request, fence: 1 };
      expect(await store.claim(request)).toEqual({ state: "claimed", fence: 1 });
      expect(await store.complete(token, Buffer.from("answer"), 1000)).toBe(true);
    }),
  );
  expect(timeouts).not.toHaveBeenCalled();
  expect(warnings).not.toHaveBeenCalled();
});

test("a command that waits for its connection is dropped after 5 to 6 s, and never sent after that", async () => {
  const server = await started();
  const client = await opened(createClient({ socket: socket(server) }));
  const store = redisStore({ client });
  await store.claim(claim("before"));

  await lost(server, client);
  const askedAt = performance.now();
  const waiting = ["one", "two"].map(async (key) => store.claim(claim(key)));
  const results = await Promise.allSettled(waiting);
  expect(results.map((result) => result.status === "rejected" && result.reason)).toEqual([
    expect.any(AbortError),
    expect.any(AbortError),
  ]);
  expect(performance.now() - askedAt).toBeGreaterThan(4900);
  await server.start();
  await vi.waitFor(() => store.claim(claim("after")), { timeout: 10_000 });
  expect(await server.cli("DBSIZE")).toBe("1");
});

test("a command that waits for a connection of node-redis 5 has the timeout that the client was given", async () => {
  const server = await started();
  const commandOptions = { timeout: 100 };
  const client = await opened(createClient5({ socket: socket(server), commandOptions }));
  await lost(server, client);
  const store = redisStore({ client });
  await expect(store.claim(claim("meanwhile"))).rejects.toThrow(TimeoutError5);
});

function claim(key: string): ClaimRequest {
  const id = recordId("scope", key);
  const owner = key.padEnd(22, ".");
  const fingerprint = recordId("scope", "fingerprint");
  return { id, owner, fingerprint, leaseMs: 1000, retentionMs: 60_000, takeOver: true };
}
