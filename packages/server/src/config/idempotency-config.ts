import type { IncomingMessage } from "node:http";

import { OptionError, type ClaimOptions, type Clock, type KeySyntax } from "@reissue/core";
import {
  checkKeys,
  choiceOption,
  claimConfig,
  claimTable,
  describe,
  numberOption,
  optionDefaults,
  optionNames,
  readOptions,
  type ClaimConfig,
  type OptionTable,
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

/** What is said of every key, deduplicated or not, resolved. */
interface KeyConfig {
  readonly scope: Scope<unknown> | null;
  readonly syntax: KeySyntax;
}

/** What needs a store, beside what its claims need, resolved. */
interface RecordConfig {
  readonly maxBodyBytes: number;
  readonly maxAnswerBytes: number;
  readonly keepHeaders: HeaderFilter;
  readonly methods: ClaimsMethod;
  readonly fingerprint: Fingerprint<unknown> | null;
  readonly keep: Keep | null;
}

/** The options of {@link IdempotencyOptions} that need no store. */
export const keyTable: OptionTable<KeyConfig> = {
  scope: {
    default: null,
    check: checkScope,
    doc: "whose a key is: a function of what the framework gives its middleware (Express' request, Koa's context, Fastify's request), or `\"shared\"` by all callers; a store needs it, and without it nothing is derived from inbound keys",
    defaultDoc: "none",
  },
  syntax: choiceOption<KeySyntax>(
    "lenient",
    ["lenient", "strict"],
    '`"strict"` takes a quoted string only',
  ),
};

const bytes = { min: 0, max: 2 ** 30, integer: true };

/** A mebibyte is Fastify's `bodyLimit`, and more than Express' and Koa's parsers take. */
const mebibyte = 1_048_576;

/** The options of {@link IdempotencyOptions} that need a store, beside those of claims. */
export const recordTable: OptionTable<RecordConfig> = {
  maxBodyBytes: numberOption(
    mebibyte,
    bytes,
    "the largest body of a keyed request, in bytes; it is read before the handler runs, for at most the server's `requestTimeout` ([408](errors.md#err_reissue_body_timeout))",
  ),
  maxAnswerBytes: numberOption(
    mebibyte,
    bytes,
    "the largest answer that is kept, in bytes; retries of a larger one are answered 409",
  ),
  keepHeaders: {
    default: storedHeaders([], ""),
    check: storedHeaders,
    doc: "headers that are kept beside those that describe the content; never `Set-Cookie`, nor what carries credentials",
    defaultDoc: "none",
  },
  methods: {
    default: claimedMethods(undefined, ""),
    check: claimedMethods,
    doc: "the methods whose keys are claimed; by default all but GET, HEAD, OPTIONS, TRACE and QUERY. The key of another request is checked, and nothing is kept for it",
    defaultDoc: "every unsafe one",
  },
  fingerprint: {
    default: null,
    check: (value, path) => checkFunction(value, path) as Fingerprint<unknown>,
    doc: "what a retry has in common with the first request, where that is not all of it: a function of what the framework gives its middleware, and of the raw body. It may be async. A key that comes with another fingerprint is answered 422",
    defaultDoc: "method, path, content type, body",
  },
  keep: {
    default: null,
    check: (value, path) => checkFunction(value, path) as Keep,
    doc: "a function of a response (`status`, `headers`, `body`) whose status would have it kept: `false` treats it as a failure, so that the next request runs. It may be async, for at most `storeTimeoutMs`; one that fails or is late keeps the response, and warns",
    defaultDoc: "by status",
  },
};

/**
 * Reads what is said about keys.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function idempotencyConfig<Carrier>(
  options: IdempotencyOptions<Carrier>,
  surroundings: { readonly clock: Clock; readonly retryAfterSeconds: number },
): IdempotencyConfig {
  const ofStore = [...optionNames(recordTable), ...optionNames(claimTable)];
  checkKeys(options, "idempotency", [...optionNames(keyTable), ...ofStore]);
  const of = readOptions(keyTable, options, optionDefaults(keyTable), "idempotency");
  const { store } = options;
  if (store === undefined) {
    for (const name of ofStore) {
      if (options[name as keyof IdempotencyOptions<Carrier>] === undefined) continue;
      throw new OptionError(`idempotency.${name}`, "needs a store");
    }
    return { ...of, deduplication: null };
  }
  if (of.scope === null) {
    const problem = `must say whose keys they are: a function, or "shared" by all callers`;
    throw new OptionError("idempotency.scope", problem);
  }
  const { keepHeaders, methods, ...records } = readOptions(
    recordTable,
    options,
    optionDefaults(recordTable),
    "idempotency",
  );
  const claims = claimConfig({ ...options, store }, "idempotency", surroundings);
  const deduplication = { ...records, claims, keeps: keepHeaders, claimsMethod: methods };
  return { ...of, deduplication };
}

function checkScope(scope: unknown, path: string): Scope<unknown> {
  if (scope === "shared" || typeof scope === "function") return scope as Scope<unknown>;
  throw new OptionError(path, `must be "shared" or a function, got ${describe(scope)}`);
}

function checkFunction(value: unknown, path: string): (...args: never[]) => unknown {
  if (typeof value === "function") return value as (...args: never[]) => unknown;
  throw new OptionError(path, `must be a function, got ${describe(value)}`);
}
