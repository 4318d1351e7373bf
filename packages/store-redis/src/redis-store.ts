import {
  checkKeys,
  describe,
  OptionError,
  StoreUnavailableError,
  type ClaimResult,
  type IdempotencyStore,
} from "@reissue/core";

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

  function step(script: Script, id: string, ...args: (string | Buffer)[]): Promise<Buffer[]> {
    return run(evaluate, script, `${prefix}{${id}}`, args);
  }

  return {
    async claim({ id, owner, fingerprint, leaseMs, retentionMs, takeOver }) {
      const mayTakeOver = takeOver ? "1" : "0";
      return claimResult(
        await step(
          claimScript,
          id,
          owner,
          fingerprint,
          ms(leaseMs),
          expiry(retentionMs),
          mayTakeOver,
        ),
      );
    },
    async renew({ id, owner }, leaseMs) {
      return isHeld(await step(renewScript, id, owner, ms(leaseMs)));
    },
    async complete({ id, owner }, answer, retentionMs) {
      // A copy, since a client that waits for its connection writes later than the caller may write into it.
      const bytes = Buffer.from(answer);
      return isHeld(await step(completeScript, id, owner, bytes, expiry(retentionMs)));
    },
    async release({ id, owner }) {
      return isHeld(await step(releaseScript, id, owner));
    },
  };
}

function checkPrefix(prefix: unknown, path: string): string {
  if (typeof prefix === "string" && !/[{}]/.test(prefix)) return prefix;
  throw new OptionError(path, `must be a string without braces, got ${describe(prefix)}`);
}

/** Runs a script by its name, and sends the source only to a server that does not know it. */
async function run(
  evaluate: Evaluate,
  { sha, source }: Script,
  key: string,
  args: readonly (string | Buffer)[],
): Promise<Buffer[]> {
  let reply: unknown;
  try {
    reply = await evaluate("EVALSHA", sha, key, args);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    // Nothing has run. EVAL keeps the script for the next time.
    reply = await evaluate("EVAL", source, key, args);
  }
  if (Array.isArray(reply) && reply.every((part) => Buffer.isBuffer(part))) return reply;
  throw foreignReply();
}

function claimResult([first, second]: Buffer[]): ClaimResult {
  const state = first?.toString();
  if (state === "mismatch" || state === "lapsed") return { state };
  if (second !== undefined) {
    if (state === "completed") return { state, answer: second };
    if (state === "claimed") return { state, fence: integer(second) };
    if (state === "in-flight") return { state, leaseLeftMs: integer(second) };
  }
  throw foreignReply();
}

function isHeld([first]: Buffer[]): boolean {
  const held = first?.toString();
  if (held === "1") return true;
  if (held === "0") return false;
  throw foreignReply();
}

function integer(bytes: Buffer): number {
  const number = Number(bytes.toString());
  if (bytes.length > 0 && Number.isSafeInteger(number)) return number;
  throw foreignReply();
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
