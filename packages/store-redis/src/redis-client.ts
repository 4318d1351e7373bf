import { OptionError } from "@reissue/core";
import { describe } from "@reissue/core/internal";

import { UnsentLimit, type Limitable } from "./unsent-limit.ts";

/** A client or pool of node-redis 5 or later: the methods that a store uses. */
export interface NodeRedisClient {
  sendCommand(args: (string | Buffer)[], options?: NodeRedisOptions): Promise<unknown>;
  withTypeMapping(mapping: { readonly 36: typeof Buffer }): unknown;
}

/** A cluster client of node-redis 5 or later: the methods that a store uses. */
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

/** A client that a store can use; the application connects and closes it. */
export type RedisClient = NodeRedisClient | NodeRedisCluster | IoredisClient;

/** Runs a script on the server that has a key; with `isBinary` a bulk string arrives as a Buffer. */
export type Evaluate = (
  command: "EVAL" | "EVALSHA",
  script: string,
  key: string,
  args: readonly (string | Buffer)[],
  isBinary: boolean,
) => Promise<unknown>;

/**
 * The methods of an {@link IoredisClient} that a store uses; its declarations lack them. Not `callBuffer`, which loses
 * the command's name where auto-pipelining is on.
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
 * Returns a function that evaluates scripts with a client, whose kind is recognised by its methods.
 *
 * @throws {@link OptionError} where the kind is unknown.
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
  // The `sendCommand` of a Sentinel client of node-redis has other parameters.
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
 * From version 6 on, `sendCommand` applies the options of its client; before, each call needs them, which version 6
 * accepts too, but slowly. The first reply shows which of them a client is.
 */
// perf: docs/performance.md#commands-of-node-redis
function nodeRedis<Client extends NodeRedisClient | NodeRedisCluster>(
  client: Client,
  send: Send<Client>,
): Evaluate {
  const limit = has<Client & Limitable<Client>>(client, "withAbortSignal", "withCommandOptions")
    ? new UnsentLimit(client, asBuffers)
    : null;
  const mapped = client.withTypeMapping(typeMapping) as Client;
  let appliesOwnOptions: boolean | null = null;
  return async (name, script, key, args, isBinary) => {
    const command = [name, script, "1", key, ...args];
    if (appliesOwnOptions ?? isBinary) {
      const reply = await send(limit?.client() ?? mapped, command, key);
      appliesOwnOptions ??= Buffer.isBuffer(reply);
      if (appliesOwnOptions) return reply;
      // Claiming twice is safe: its owner gets the same result.
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
