export type {
  IoredisClient,
  NodeRedisClient,
  NodeRedisCluster,
  RedisClient,
} from "./redis-client.ts";
export { redisStore, type RedisStoreOptions } from "./redis-store.ts";
