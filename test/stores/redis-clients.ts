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
  async "node-redis"(port) {
    const client = createClient({
      socket: { host, port: port ?? 0, reconnectStrategy: 50 },
      disableOfflineQueue: true,
    });
    client.on("error", () => {});
    await client.connect();
    return { client, close: () => client.destroy() };
  },
  async "node-redis 5"(port) {
    const client = createClient5({
      socket: { host, port: port ?? 0, reconnectStrategy: 50 },
      disableOfflineQueue: true,
    });
    client.on("error", () => {});
    await client.connect();
    return { client, close: () => client.destroy() };
  },
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
  async "node-redis"(...ports) {
    const rootNodes = ports.map((port) => ({ socket: { host, port } }));
    const client = createCluster({ rootNodes });
    client.on("error", () => {});
    await client.connect();
    return { client, close: () => client.destroy() };
  },
  async "node-redis 5"(...ports) {
    const rootNodes = ports.map((port) => ({ socket: { host, port } }));
    const client = createCluster5({ rootNodes });
    client.on("error", () => {});
    await client.connect();
    return { client, close: () => client.destroy() };
  },
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

const reconnecting = { enableOfflineQueue: false, retryStrategy: () => 50 };
