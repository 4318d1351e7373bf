import { Cluster as IoredisCluster, Redis as Ioredis } from "ioredis";
import { Cluster as IovalkeyCluster, Redis as Iovalkey } from "iovalkey";
import { createClient, createCluster } from "redis";
import { createClient as createClient5, createCluster as createCluster5 } from "redis-5";
import type { RedisClient } from "@reissue/store-redis";

/** A connected client of some library. */
export interface Connected {
  readonly client: RedisClient;
  close(): void;
}

/** Connects to the server at one port, or to the cluster at several. */
export type Connect = (...ports: number[]) => Promise<Connected>;

const host = "127.0.0.1";

/** Every library for one server; a client reconnects at once, and keeps no queue while it is off line. */
export const standalone: Record<string, Connect> = {
  "node-redis": (port) => connected(createClient(at(port))),
  "node-redis 5": (port) => connected(createClient5(at(port))),
  async ioredis(port) {
    const client = new Ioredis({ host, port: port ?? 0, lazyConnect: true, ...reconnecting });
    client.on("error", () => {});
    await client.connect();
    return { client, close: () => client.disconnect() };
  },
  async iovalkey(port) {
    const client = new Iovalkey({ host, port: port ?? 0, lazyConnect: true, ...reconnecting });
    client.on("error", () => {});
    await client.connect();
    return { client, close: () => client.disconnect() };
  },
};

/** Every library for a cluster. */
export const clustered: Record<string, Connect> = {
  "node-redis": (...ports) => connected(createCluster(among(ports))),
  "node-redis 5": (...ports) => connected(createCluster5(among(ports))),
  async ioredis(...ports) {
    const client = new IoredisCluster(
      ports.map((port) => ({ host, port })),
      { lazyConnect: true },
    );
    client.on("error", () => {});
    await client.connect();
    return { client, close: () => client.disconnect() };
  },
  async iovalkey(...ports) {
    const client = new IovalkeyCluster(
      ports.map((port) => ({ host, port })),
      { lazyConnect: true },
    );
    client.on("error", () => {});
    await client.connect();
    return { client, close: () => client.disconnect() };
  },
};

/** What node-redis takes for a server: it reconnects at once, and keeps no queue while it is off line. */
function at(port = 0) {
  return { socket: { host, port, reconnectStrategy: 50 }, disableOfflineQueue: true };
}

/** What it takes for a cluster. */
function among(ports: readonly number[]) {
  return { rootNodes: ports.map((port) => ({ socket: { host, port } })) };
}

interface NodeRedis {
  on(event: "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
  destroy(): void;
}

/** Connects a client or pool of node-redis. */
export async function connected(client: RedisClient & NodeRedis): Promise<Connected> {
  client.on("error", () => {});
  await client.connect();
  return { client, close: () => client.destroy() };
}

const reconnecting = { enableOfflineQueue: false, retryStrategy: () => 50 };
