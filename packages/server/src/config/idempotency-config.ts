import type { IncomingMessage } from "node:http";

import { OptionError, type ClaimOptions, type Clock, type KeySyntax } from "@reissue/core";
import {
  checkKeys,
  checkNumber,
  checkOneOf,
  claimKeys,
  claimConfig,
  describe,
  type ClaimConfig,
} from "@reissue/core/internal";

import { claimedMethods, type ClaimsMethod } from "./claimed-methods.ts";
import type { HeaderFilter } from "../capture/response-head.ts";
import type { Keep } from "../idempotency/keep.ts";
import { storedHeaders } from "./stored-headers.ts";
import type { Fingerprint } from "../idempotency/own-fingerprint.ts";
import type { Scope } from "./scope.ts";

/** What may be said about inbound idempotency keys. Without a `store` they are validated, and nothing is kept. */
export interface IdempotencyOptions<Carrier = IncomingMessage> extends Partial<ClaimOptions> {
  /**
   * Tells callers apart, so that two that choose the same key get neither each other's answers nor each other's outbound
   * keys. It has no default: a `store` needs one, and without it no outbound keys are derived.
   */
  readonly scope?: Scope<Carrier> | undefined;
  /**
   * Which values are keys: a Structured Field String only (`strict`), or a bare key too (`lenient`).
   *
   * @defaultValue "lenient"
   */
  readonly syntax?: KeySyntax | undefined;
  /**
   * The largest body of a keyed request, in bytes; it is read before the handler runs. A larger one is answered 413.
   *
   * @defaultValue 1048576
   */
  readonly maxBodyBytes?: number | undefined;
  /**
   * The largest answer that is kept, in bytes of its body. Retries of a request that was answered with more are answered
   * 409: its handler does not run again.
   *
   * @defaultValue 1048576
   */
  readonly maxAnswerBytes?: number | undefined;
  /**
   * Names of headers that are kept beside those that describe the answer's content. `Set-Cookie` and what carries
   * credentials are never kept.
   *
   * @defaultValue []
   */
  readonly keepHeaders?: readonly string[] | undefined;
  /**
   * The methods whose keys are claimed. The key of another one's request is checked, and nothing is kept for it: a read
   * that is retried wants what there is now.
   *
   * @defaultValue all that are not safe (GET, HEAD, OPTIONS, TRACE, QUERY)
   */
  readonly methods?: readonly string[] | undefined;
  /**
   * What tells a retry from another request under the same key, where that is not all of its bytes.
   *
   * @defaultValue method, path with query, content type and raw body
   */
  readonly fingerprint?: Fingerprint<Carrier> | undefined;
  /**
   * Which responses are kept, of those that their status would have kept: a GraphQL 200 may say `errors`. One that is not
   * is treated as a failure is: the next request runs, or, at most once, its outcome is unknown.
   *
   * @defaultValue all of them
   */
  readonly keep?: Keep | undefined;
}

/** How keyed requests are deduplicated. */
export interface Deduplication {
  readonly claims: ClaimConfig;
  readonly maxBodyBytes: number;
  readonly maxAnswerBytes: number;
  readonly keeps: HeaderFilter;
  readonly claimsMethod: ClaimsMethod;
  /** Null where all of a request's bytes tell it from others. */
  readonly fingerprint: Fingerprint<unknown> | null;
  /** Null where the status alone decides. */
  readonly keep: Keep | null;
}

/** {@link IdempotencyOptions}, resolved. */
export interface IdempotencyConfig {
  /** Null where none was given. */
  readonly scope: Scope<unknown> | null;
  readonly syntax: KeySyntax;
  /** Null where keys are only validated. */
  readonly deduplication: Deduplication | null;
}

const storeKeys = [
  "maxBodyBytes",
  "maxAnswerBytes",
  "keepHeaders",
  "methods",
  "fingerprint",
  "keep",
] as const;

/**
 * Reads what is said about keys.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function idempotencyConfig<Carrier>(
  options: IdempotencyOptions<Carrier>,
  surroundings: { readonly clock: Clock; readonly retryAfterSeconds: number },
): IdempotencyConfig {
  checkKeys(options, "idempotency", ["scope", "syntax", ...storeKeys, ...claimKeys]);
  const { scope = null, syntax = "lenient", store } = options;
  if (scope !== null && scope !== "shared" && typeof scope !== "function") {
    const problem = `must be "shared" or a function, got ${describe(scope)}`;
    throw new OptionError("idempotency.scope", problem);
  }
  checkOneOf(syntax, ["lenient", "strict"], "idempotency.syntax");
  const of = { scope: scope as Scope<unknown> | null, syntax };
  if (store === undefined) {
    for (const name of [...storeKeys, ...claimKeys]) {
      if (options[name] === undefined) continue;
      throw new OptionError(`idempotency.${name}`, "needs a store");
    }
    return { ...of, deduplication: null };
  }
  if (scope === null) {
    const problem = `must say whose keys they are: a function, or "shared" by all callers`;
    throw new OptionError("idempotency.scope", problem);
  }
  return {
    ...of,
    deduplication: {
      claims: claimConfig({ ...options, store }, "idempotency", surroundings),
      maxBodyBytes: bytes(options.maxBodyBytes, "idempotency.maxBodyBytes"),
      maxAnswerBytes: bytes(options.maxAnswerBytes, "idempotency.maxAnswerBytes"),
      keeps: storedHeaders(options.keepHeaders ?? [], "idempotency.keepHeaders"),
      claimsMethod: claimedMethods(options.methods, "idempotency.methods"),
      fingerprint: functionOrNull(
        options.fingerprint as Fingerprint<unknown> | undefined,
        "idempotency.fingerprint",
      ),
      keep: functionOrNull(options.keep, "idempotency.keep"),
    },
  };
}

function functionOrNull<Given>(value: Given | undefined, path: string): Given | null {
  if (value === undefined) return null;
  if (typeof value === "function") return value;
  throw new OptionError(path, `must be a function, got ${describe(value)}`);
}

/** A mebibyte by default, which is Fastify's `bodyLimit`, and more than Express' and Koa's parsers take. */
function bytes(value: unknown, path: string): number {
  return checkNumber(value, path, 1_048_576, { min: 0, max: 2 ** 30, integer: true });
}
