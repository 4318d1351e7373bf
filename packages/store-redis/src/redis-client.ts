import { OptionError } from "@reissue/core";
import { describe } from "@reissue/core/internal";

import { UnsentLimit, type Limitable } from "./unsent-limit.ts";

/** What of a client or pool of node-redis 5 or later is used. */
export interface NodeRedisClient {
  sendCommand(args: (string | Buffer)[], options?: NodeRedisOptions): Promise<unknown>;
  withTypeMapping(mapping: { readonly 36: typeof Buffer }): unknown;
}

/** What of a cluster client of node-redis 5 or later is used. */
export interface NodeRedisCluster {
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: (string | Buffer)[],
    options?: NodeRedisOptions,
  ): Promise<unknown>;
  withTypeMapping(mapping: { readonly 36: typeof Buffer }): unknown;
  nodeClient(...args: never[]): unknown;
}

/** A client or cluster client of ioredis 5 or later, or of iovalkey. */
export interface IoredisClient {
  callBuffer(command: string, args: (string | Buffer)[]): Promise<unknown>;
}

/** A client that a store can work with; it stays the application's to connect and to close. */
export type RedisClient = NodeRedisClient | NodeRedisCluster | IoredisClient;

/** Runs one script on the server of one key; a bulk string arrives as a Buffer where it is asked for in binary. */
export type Evaluate = (
  command: "EVAL" | "EVALSHA",
  script: string,
  key: string,
  args: readonly (string | Buffer)[],
  isBinary: boolean,
) => Promise<unknown>;

/**
 * What of an {@link IoredisClient} is used: methods that its declarations leave out. Not `callBuffer`, which loses the
 * command's name where auto-pipelining is on.
 */
interface IoredisScripting {
  evalBuffer(source: string, keys: number, ...args: (string | Buffer)[]): Promise<unknown>;
  evalshaBuffer(sha: string, keys: number, ...args: (string | Buffer)[]): Promise<unknown>;
}

interface NodeRedisOptions {
  readonly typeMapping?: { readonly 36: typeof Buffer };
}

/** Bulk strings (`$`, 36 in node-redis' RESP_TYPES) as Buffers. */
const typeMapping = { 36: Buffer } as const;
const asBuffers: NodeRedisOptions = { typeMapping };

/**
 * How a client evaluates scripts; its kind is told by the methods it has.
 *
 * @throws {@link OptionError} where it is a client of no known kind.
 */
export function evaluateWith(client: unknown, path: string): Evaluate {
  if (
    has<IoredisScripting>(client, "evalBuffer", "evalshaBuffer") &&
    !("isPipeline" in client && client.isPipeline === true)
  ) {
    return (command, script, key, args) =>
      command === "EVAL"
        ? client.evalBuffer(script, 1, key, ...args)
        : client.evalshaBuffer(script, 1, key, ...args);
  }
  if (has<NodeRedisCluster>(client, "sendCommand", "withTypeMapping", "nodeClient")) {
    return nodeRedis(client, (client, command, key, options) =>
      client.sendCommand(key, false, command, options),
    );
  }
  // A Sentinel client of node-redis takes other arguments.
  if (
    has<NodeRedisClient>(client, "sendCommand", "withTypeMapping") &&
    !has(client, "getSentinelNode")
  ) {
    return nodeRedis(client, (client, command, _key, options) =>
      client.sendCommand(command, options),
    );
  }
  const kinds =
    "a client or cluster of node-redis 5 or later, of ioredis 5 or later, or of iovalkey";
  throw new OptionError(path, `must be ${kinds}, got ${describe(client)}`);
}

type Send<Client> = (
  client: Client,
  command: (string | Buffer)[],
  key: string,
  options?: NodeRedisOptions,
) => Promise<unknown>;

/**
 * From version 6 on a client heeds options of its own in `sendCommand`; before, it takes them with each call, which
 * version 6 does too, but 6 µs slower. Which of them it is shows in its first reply.
 */
function nodeRedis<Client extends NodeRedisClient | NodeRedisCluster>(
  client: Client,
  send: Send<Client>,
): Evaluate {
  const limit = has<Client & Limitable<Client>>(client, "withAbortSignal", "withCommandOptions")
    ? new UnsentLimit(client, asBuffers)
    : null;
  const mapped = client.withTypeMapping(typeMapping) as Client;
  let heedsOwn: boolean | null = null;
  return async (name, script, key, args, isBinary) => {
    const command = [name, script, "1", key, ...args];
    if (heedsOwn ?? isBinary) {
      const reply = await send(limit?.client() ?? mapped, command, key);
      heedsOwn ??= Buffer.isBuffer(reply);
      if (heedsOwn) return reply;
      // A claim may be asked for twice: its owner is told the same.
    }
    return send(client, command, key, isBinary ? asBuffers : undefined);
  };
}

function has<Client extends object>(
  value: unknown,
  ...methods: (keyof Client | string)[]
): value is Client {
  if (typeof value !== "object" || value === null) return false;
  return methods.every(
    (name) => typeof (value as Record<PropertyKey, unknown>)[name] === "function",
  );
}
