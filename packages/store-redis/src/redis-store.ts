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
  /** Connected by the application, and closed by it once the server is drained. */
  readonly client: RedisClient;
  /**
   * What the names of the store's keys begin with; without braces, which would put all records into one slot of a
   * Cluster.
   *
   * @defaultValue "reissue:"
   */
  readonly prefix?: string | undefined;
}

/**
 * Keeps idempotency records in Redis or Valkey, for all the processes of a service.
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
      return step(renewScript, heldReply, id, owner, ms(leaseMs));
    },
    complete({ id, owner }, answer, retentionMs) {
      return step(completeScript, heldReply, id, owner, copy(answer), expiry(retentionMs));
    },
    release({ id, owner }) {
      return step(releaseScript, heldReply, id, owner);
    },
  };
}

function checkPrefix(prefix: unknown, path: string): string {
  if (typeof prefix === "string" && !/[{}]/.test(prefix)) return prefix;
  throw new OptionError(path, `must be a string without braces, got ${describe(prefix)}`);
}

/** What a script replies, and what it means. */
interface Reply<Result> {
  /** Whether its bytes may be any, so that text would lose some. */
  readonly isBinary: boolean;
  /** @throws StoreUnavailableError for what the script does not reply. */
  readonly read: (reply: unknown) => Result;
}

/** Runs a script by its name, and sends the source only to a server that does not know it. */
function run<Result>(
  evaluate: Evaluate,
  { sha, source }: Script,
  { isBinary, read }: Reply<Result>,
  key: string,
  args: readonly (string | Buffer)[],
): Promise<Result> {
  return evaluate("EVALSHA", sha, key, args, isBinary).then(read, (error: unknown) => {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    // Nothing has run. EVAL keeps the script for the next time.
    return evaluate("EVAL", source, key, args, isBinary).then(read);
  });
}

/** What stands before an answer. */
const equals = "=".charCodeAt(0);

const claimReply: Reply<ClaimResult> = {
  isBinary: true,
  read(reply) {
    if (!Buffer.isBuffer(reply)) throw foreignReply();
    if (reply[0] === equals) return { state: "completed", answer: reply.subarray(1) };
    const text = reply.toString("latin1");
    if (text === "mismatch" || text === "lapsed") return { state: text };
    const space = text.indexOf(" ");
    const state = text.slice(0, space);
    const number = integer(text.slice(space + 1));
    if (state === "claimed") return { state, fence: number };
    if (state === "in-flight") return { state, leaseLeftMs: number };
    throw foreignReply();
  },
};

const heldReply: Reply<boolean> = {
  isBinary: false,
  read(reply) {
    // A number, or what the client was told to make of one.
    const held = String(reply);
    if (held === "1") return true;
    if (held === "0") return false;
    throw foreignReply();
  },
};

function integer(text: string): number {
  const number = Number(text);
  if (text !== "" && Number.isSafeInteger(number)) return number;
  throw foreignReply();
}

/** The most bytes that are sent as text where they are. */
const textBytes = 4096;

/**
 * A copy, since a client that waits for its connection writes later than the caller may write into it. As text if it is
 * short and ASCII: clients write a command of texts at one go, and a Buffer in three.
 */
function copy(bytes: Uint8Array): string | Buffer {
  if (bytes.length > textBytes || !isAscii(bytes)) return Buffer.from(bytes);
  const { buffer, byteOffset, byteLength } = bytes;
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

/** A whole number of ms, as Redis takes no other. */
function ms(duration: number): string {
  return String(Math.ceil(duration));
}

/** A key cannot expire at once. */
function expiry(duration: number): string {
  return ms(Math.max(duration, 1));
}

function foreignReply(): StoreUnavailableError {
  return new StoreUnavailableError("gave a reply that its scripts do not give");
}
