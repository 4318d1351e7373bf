import { recordId, type ClaimRequest } from "@reissue/core";
import { redisStore } from "@reissue/store-redis";
import { createClient, TimeoutError } from "redis";
import { expect, onTestFinished, test, vi } from "vitest";

import { clustered, standalone, type Connected } from "./redis-clients.ts";
import { RedisCluster, RedisServer } from "./redis-server.ts";

/** The signals that node-redis has made since. */
function signals() {
  const spy = vi.spyOn(AbortSignal, "timeout");
  onTestFinished(() => spy.mockRestore());
  return spy;
}

test.each(["node-redis", "node-redis 5"])(
  "%s gives no command a timeout of its own",
  async (name) => {
    const server = await RedisServer.start();
    onTestFinished(() => server.stop());
    await withoutSignals(await standalone[name]!(server.port));
  },
);

test.each(["node-redis", "node-redis 5"])("%s gives none in a cluster either", async (name) => {
  const cluster = await RedisCluster.start();
  onTestFinished(() => cluster.stop());
  await withoutSignals(await clustered[name]!(...cluster.ports));
});

async function withoutSignals({ client, close }: Connected): Promise<void> {
  onTestFinished(close);
  const store = redisStore({ client });
  const made = signals();
  for (const request of [claim("first"), claim("second")]) {
    expect(await store.claim(request)).toEqual({ state: "claimed", fence: 1 });
    expect(await store.complete({ ...request, fence: 1 }, Buffer.from("answer"), 1000)).toBe(true);
  }
  expect(made).not.toHaveBeenCalled();
}

test("a command that waits for its connection has the client's timeout, and is not sent after it", async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const client = createClient({
    socket: { host: "127.0.0.1", port: server.port, reconnectStrategy: 50 },
    commandOptions: { timeout: 100 },
  });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => client.destroy());
  const store = redisStore({ client });
  await store.claim(claim("before"));

  const gone = new Promise((resolve) => void client.once("reconnecting", resolve));
  await server.kill();
  await gone;
  await expect(store.claim(claim("meanwhile"))).rejects.toThrow(TimeoutError);
  await server.start();
  await vi.waitFor(() => store.claim(claim("after")), { timeout: 10_000 });
  expect(await server.cli("DBSIZE")).toBe("1");
});

test("while nothing is replied to, all but the first thousand have the client's timeout", async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const { client, close } = await standalone["node-redis"]!(server.port);
  onTestFinished(close);
  const store = redisStore({ client });
  await store.claim(claim("before"));

  const made = signals();
  await server.cli("CLIENT", "PAUSE", "500");
  const waiting = Array.from({ length: 1010 }, (_, at) => store.claim(claim(`${at}`)));
  expect(made).toHaveBeenCalledTimes(10);
  const states = await Promise.all(waiting.map(async (result) => (await result).state));
  expect(new Set(states)).toEqual(new Set(["claimed"]));
  await store.claim(claim("after"));
  expect(made).toHaveBeenCalledTimes(10);
});

function claim(key: string): ClaimRequest {
  const id = recordId("scope", key);
  const owner = key.padEnd(22, ".");
  const fingerprint = recordId("scope", "fingerprint");
  return { id, owner, fingerprint, leaseMs: 1000, retentionMs: 60_000, takeOver: true };
}
