import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { OptionError, type ClaimRequest, type IdempotencyStore } from "@reissue/core";
import { recordId } from "@reissue/core/internal";
import { redisStore } from "@reissue/store-redis";
import { storeConformance } from "@reissue/testing";
import { createSentinel } from "redis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { followsTheModel } from "../../support/stores/engine-model.ts";
import { isFullRun } from "../../support/test-size.ts";
import { clustered, standalone, type Connect, type Connected } from "./clients.ts";
import { RedisCluster, RedisServer } from "./server.ts";

let server: RedisServer;
let cluster: RedisCluster;

beforeAll(async () => {
  [server, cluster] = await Promise.all([RedisServer.start(), RedisCluster.start()]);
});

afterAll(() => Promise.all([server?.stop(), cluster?.stop()]));

/** Each client against a server and a cluster; in the short form against one of them, in turn. */
const targets: [name: string, connect: () => ReturnType<Connect>][] = [
  ...Object.entries(standalone).map(named("", () => [server.port])),
  ...Object.entries(clustered).map(named(" in a cluster", () => cluster.ports)),
].filter((_target, at, { length }) => isFullRun || at % 2 === Math.floor((2 * at) / length));

describe.each(targets)("%s", (_name, connect) => {
  let connected: Connected;

  beforeAll(async () => {
    connected = await connect();
  });

  afterAll(() => connected?.close());

  // At the same time, since most of them wait; each has records of its own.
  test.concurrent.each(storeConformance)("the store passes the case: $name", async ({ run }) => {
    const store = redisStore({ client: connected.client });
    // real time: records expire by the server's clock
    await run({ store, advance: (ms) => sleep(ms) });
  });
});

describe.each(Object.entries(standalone))("%s", (_name, connectTo) => {
  const connect = (): ReturnType<Connect> => connectTo(server.port);

  test("takes one round trip for each step", async () => {
    const store = await opened(connect);
    await everyStep(store);
    await server.cli("CONFIG", "RESETSTAT");
    await everyStep(store);
    const { evalsha, eval: evals } = await server.calls();
    expect({ evalsha, evals }).toEqual({ evalsha: 6, evals: undefined });
  });

  test("goes on when the server has lost the scripts", async () => {
    const store = await opened(connect);
    await everyStep(store);
    await server.cli("SCRIPT", "FLUSH");
    await everyStep(store);
  });

  test("rejects while the server is down or its connection cut, and then goes on", async () => {
    const own = await RedisServer.start();
    onTestFinished(() => own.stop());
    const store = await opened(() => connectTo(own.port));
    await everyStep(store);

    await own.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await again(() => everyStep(store));

    await own.kill();
    await expect(store.claim(claim())).rejects.toThrow(Error);
    await own.start();
    await again(() => everyStep(store));
  });

  test("rejects a response that does not fit into memory, and leaves the record unchanged", async () => {
    const own = await RedisServer.start("--maxmemory-policy", "noeviction");
    onTestFinished(() => own.stop());
    const store = await opened(() => connectTo(own.port));
    const held = claim();
    await store.claim(held);
    const id = key(held.id);
    const before = await own.cli("GET", id);
    await own.cli("CONFIG", "SET", "maxmemory", "1");

    const fresh = claim();
    await expect(store.claim(fresh)).rejects.toThrow(/OOM/);
    await expect(store.complete({ ...held, fence: 1 }, everyByte, 60_000)).rejects.toThrow(/OOM/);
    await expect(store.renew({ ...held, fence: 1 }, 60_000)).rejects.toThrow(/OOM/);
    expect(await own.cli("EXISTS", key(fresh.id))).toBe("0");
    expect(await own.cli("GET", id)).toBe(before);
    expect(await store.release({ ...held, fence: 1 })).toBe(true);
  });

  test("rejects if the key holds another type of value", async () => {
    const store = await opened(connect);
    const [text, list] = [claim(), claim()];
    await server.cli("SET", key(text.id), "mine");
    await server.cli("RPUSH", key(list.id), "mine");
    for (const request of [text, list]) {
      const token = { ...request, fence: 1 };
      await expect(store.claim(request)).rejects.toThrow(/WRONGTYPE/);
      await expect(store.renew(token, 1000)).rejects.toThrow(/WRONGTYPE/);
      await expect(store.complete(token, everyByte, 1000)).rejects.toThrow(/WRONGTYPE/);
      await expect(store.release(token)).rejects.toThrow(/WRONGTYPE/);
    }
    expect(await server.cli("GET", key(text.id))).toBe("mine");
    expect(await server.cli("LLEN", key(list.id))).toBe("1");
  });
});

test("the store behaves like the model", async () => {
  const store = await opened(() => standalone["node-redis"]!(server.port));
  // real time: records expire by the server's clock
  await followsTheModel({ store, advance: (ms) => sleep(ms) }, 25);
}, 60_000);

test("a record expires at the end of its retention, and a renewal outlasts it", async () => {
  const store = await opened(() => standalone["ioredis"]!(server.port));
  const request = claim({ leaseMs: 1000, retentionMs: 5000 });
  await store.claim(request);
  expect(Number(await server.cli("PTTL", key(request.id)))).toBeGreaterThan(1000);
  await store.renew({ ...request, fence: 1 }, 90_000);
  expect(Number(await server.cli("PTTL", key(request.id)))).toBeGreaterThan(60_000);
  await store.renew({ ...request, fence: 1 }, 1000);
  expect(Number(await server.cli("PTTL", key(request.id)))).toBeGreaterThan(60_000);
  await store.complete({ ...request, fence: 1 }, everyByte, 5000.5);
  const left = Number(await server.cli("PTTL", key(request.id)));
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(5001);
});

test("fences stay exact up to 2⁵³", async () => {
  const store = await opened(() => standalone["node-redis"]!(server.port));
  const request = claim({ leaseMs: 0 });
  await store.claim(request);
  const lift = `
    local mark, owner, fingerprint, _, lease = cmsgpack.unpack(redis.call("GET", KEYS[1]))
    local lifted = cmsgpack.pack(mark, owner, fingerprint, tonumber(ARGV[1]), lease)
    return redis.call("SET", KEYS[1], lifted, "KEEPTTL")`;
  await server.cli("EVAL", lift, "1", key(request.id), `${Number.MAX_SAFE_INTEGER - 1}`);
  const fence = Number.MAX_SAFE_INTEGER;
  expect(await store.claim(claim({ id: request.id }))).toEqual({ state: "claimed", fence });
});

test("keys begin with the prefix, are tagged, and reveal neither key nor scope", async () => {
  const own = await RedisServer.start();
  onTestFinished(() => own.stop());
  const connected = await standalone["ioredis"]!(own.port);
  onTestFinished(() => connected.close());
  const id = recordId("tenant-7", "order-1234");
  await redisStore({ client: connected.client, prefix: "shop:" }).claim(claim({ id }));
  expect(await own.cli("KEYS", "*")).toBe(`shop:{${id}}`);
  const record = `${await own.cli("KEYS", "*")} ${await own.cli("GET", `shop:{${id}}`)}`;
  expect(record).not.toMatch(/tenant-7|order-1234/);
});

test("ioredis may pipeline automatically", async () => {
  const { Redis } = await import("ioredis");
  const client = new Redis({ port: server.port, enableAutoPipelining: true });
  onTestFinished(() => client.disconnect());
  const store = redisStore({ client });
  await Promise.all([everyStep(store), everyStep(store), everyStep(store)]);
});

test("a value that is not a client is refused, and so is a prefix with braces", async () => {
  const connected = await standalone["ioredis"]!(server.port);
  onTestFinished(() => connected.close());
  const { client } = connected;
  const sentinel = createSentinel({
    name: "m",
    sentinelRootNodes: [{ host: "127.0.0.1", port: 1 }],
  });
  const pipeline = (client as unknown as { pipeline(): unknown }).pipeline();
  for (const wrong of [undefined, null, {}, new Map(), "redis://", sentinel, pipeline]) {
    expect(() => redisStore({ client: wrong as never })).toThrow(OptionError);
    expect(() => redisStore({ client: wrong as never })).toThrow(
      /^redisStore\.client must be a client/,
    );
  }
  expect(() => redisStore({ client, prefix: "{all}:" })).toThrow(/^redisStore\.prefix must/);
  expect(() => redisStore({ client, ttl: 1 } as never)).toThrow(
    /^redisStore\.ttl is not an option/,
  );
});

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

function named(suffix: string, ports: () => number[]) {
  return ([name, connect]: [string, Connect]): [string, () => ReturnType<Connect>] => [
    `${name}${suffix}`,
    () => connect(...ports()),
  ];
}

/** A store on a connection that is closed when the test is over. */
async function opened(connect: () => ReturnType<Connect>): Promise<IdempotencyStore> {
  const connected = await connect();
  onTestFinished(() => connected.close());
  return redisStore({ client: connected.client });
}

function claim(parts: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    id: recordId("scope", randomUUID()),
    owner: randomUUID(),
    fingerprint: recordId("scope", "fingerprint"),
    leaseMs: 30_000,
    retentionMs: 60_000,
    takeOver: true,
    ...parts,
  };
}

function key(id: string): string {
  return `reissue:{${id}}`;
}

/** Six steps: one record completed, one released. */
async function everyStep(store: IdempotencyStore): Promise<void> {
  const kept = claim();
  const forgotten = claim();
  expect(await store.claim(kept)).toEqual({ state: "claimed", fence: 1 });
  expect(await store.renew({ ...kept, fence: 1 }, 30_000)).toBe(true);
  expect(await store.complete({ ...kept, fence: 1 }, everyByte, 60_000)).toBe(true);
  expect(await store.claim({ ...kept, owner: randomUUID() })).toMatchObject({ state: "completed" });
  expect(await store.claim(forgotten)).toEqual({ state: "claimed", fence: 1 });
  expect(await store.release({ ...forgotten, fence: 1 })).toBe(true);
}

/** Tries until it works, while a client connects again; for 10 s at most. */
async function again(action: () => Promise<void>): Promise<void> {
  const endsAt = Date.now() + 10_000;
  for (;;) {
    try {
      await action();
      return;
    } catch (error) {
      if (Date.now() > endsAt) throw error;
      // real time: polls while a client connects again
      await sleep(50);
    }
  }
}
