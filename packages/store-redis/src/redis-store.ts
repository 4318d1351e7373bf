import { isAscii } from "node:buffer";

import {
  OptionError,
  StoreUnavailableError,
  type ClaimResult,
  type IdempotencyStore,
} from "@reissue/core";
import { checkKeys, describe } from "@reissue/core/internal";

import { evaluateWith, type Evaluate, type RedisClient } from "./redis-client.ts";
import type { Script } from "./script.ts";
import { claimScript, completeScript, releaseScript, renewScript } from "./scripts.ts";

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /** The client, which the application connects, and closes once the server is drained. */
  readonly client: RedisClient;
  /**
   * Prefix of the store's keys; without braces, which would put all records into one slot of a Cluster.
   *
   * @defaultValue "reissue:"
   */
  readonly prefix?: string | undefined;
}

/**
 * Stores idempotency records in Redis or Valkey, for all processes of a service.
 *
 * Each step is one Lua script on one key, and one round trip. Time is the server's. The server must not evict
 * (`maxmemory-policy noeviction`): an evicted record is a request that runs twice.
 *
 * @example
 * ```js
 * const client = createClient({ url: "redis://localhost:6379", disableOfflineQueue: true });
 * client.on("error", console.error);
 * await client.connect();
 * const store = redisStore({ client });
 * ```
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function redisStore(options: RedisStoreOptions): IdempotencyStore {
  checkKeys(options, "redisStore", ["client", "prefix"]);
  const evaluate = evaluateWith(options.client, "redisStore.client");
  const prefix = checkPrefix(options.prefix ?? "reissue:", "redisStore.prefix");

  function step<Result>(
    script: Script,
    reply: Reply<Result>,
    id: string,
    ...args: (string | Buffer)[]
  ): Promise<Result> {
    return run(evaluate, script, reply, `${prefix}{${id}}`, args);
  }

  return {
    claim({ id, owner, fingerprint, leaseMs, retentionMs, takeOver }) {
      const times = [ms(leaseMs), expiry(retentionMs)];
      const mayTakeOver = takeOver ? "1" : "0";
      return step(claimScript, claimReply, id, owner, fingerprint, ...times, mayTakeOver);
    },
    renew({ id, owner }, leaseMs) {
      return step(renewScript, isHeldReply, id, owner, ms(leaseMs));
    },
    complete({ id, owner }, response, retentionMs) {
      return step(completeScript, isHeldReply, id, owner, copy(response), expiry(retentionMs));
    },
    release({ id, owner }) {
      return step(releaseScript, isHeldReply, id, owner);
    },
  };
}

function checkPrefix(prefix: unknown, path: string): string {
  if (typeof prefix === "string" && !/[{}]/.test(prefix)) return prefix;
  throw new OptionError(path, `must be a string without braces, got ${describe(prefix)}`);
}

/** Reads the reply of a script. */
interface Reply<Result> {
  /** Whether the reply may contain any byte, and is needed as a Buffer. */
  readonly isBinary: boolean;
  /** @throws StoreUnavailableError for a reply that the script never gives. */
  readonly read: (reply: unknown) => Result;
}

/** Runs a script by its hash, and sends the source only to a server that does not have it. */
function run<Result>(
  evaluate: Evaluate,
  { sha, source }: Script,
  { isBinary, read }: Reply<Result>,
  key: string,
  args: readonly (string | Buffer)[],
): Promise<Result> {
  return evaluate("EVALSHA", sha, key, args, isBinary).then(read, (error: unknown) => {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    // Nothing has run. The server stores the script of an EVAL.
    return evaluate("EVAL", source, key, args, isBinary).then(read);
  });
}

/** The first byte of a reply that contains a stored response. */
const equals = "=".charCodeAt(0);

const claimReply: Reply<ClaimResult> = {
  isBinary: true,
  read(reply) {
    if (!Buffer.isBuffer(reply)) throw unknownReply();
    if (reply[0] === equals) return { state: "completed", answer: reply.subarray(1) };
    const text = reply.toString("latin1");
    if (text === "mismatch" || text === "lapsed") return { state: text };
    const space = text.indexOf(" ");
    const state = text.slice(0, space);
    const number = integer(text.slice(space + 1));
    if (state === "claimed") return { state, fence: number };
    if (state === "in-flight") return { state, leaseLeftMs: number };
    throw unknownReply();
  },
};

const isHeldReply: Reply<boolean> = {
  isBinary: false,
  read(reply) {
    // A number, unless a type mapping of the client converts it.
    const isHeld = String(reply);
    if (isHeld === "1") return true;
    if (isHeld === "0") return false;
    throw unknownReply();
  },
};

function integer(text: string): number {
  const number = Number(text);
  if (text !== "" && Number.isSafeInteger(number)) return number;
  throw unknownReply();
}

/** The largest response that may be sent as text, in bytes. */
const maxTextBytes = 4096;

/**
 * Copies bytes: a client that waits for its connection sends them later, when the caller may have reused their memory. As
 * text if they are short and ASCII: clients write a command of strings at once, and a Buffer in three writes.
 */
function copy(bytes: Uint8Array): string | Buffer {
  if (bytes.length > maxTextBytes || !isAscii(bytes)) return Buffer.from(bytes);
  const { buffer, byteOffset, byteLength } = bytes;
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

/** A duration in whole ms, as Redis requires. */
function ms(duration: number): string {
  return String(Math.ceil(duration));
}

/** An expiry in whole ms; Redis refuses 0. */
function expiry(duration: number): string {
  return ms(Math.max(duration, 1));
}

function unknownReply(): StoreUnavailableError {
  return new StoreUnavailableError("gave a reply that its scripts never give");
}
