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
  type ClaimCounts,
  type OptionTable,
  type Resolved,
} from "@reissue/core/internal";

import { claimedMethods, type ClaimsMethod } from "./claimed-methods.ts";
import type { HeaderFilter } from "../capture/response-head.ts";
import type { Keep } from "../idempotency/keep.ts";
import { storedHeaders } from "./stored-headers.ts";
import type { Fingerprint } from "../idempotency/own-fingerprint.ts";
import type { Scope } from "./scope.ts";

/** Options for inbound idempotency keys. Without a `store` keys are validated, and no response is stored. */
export interface IdempotencyOptions<
  FrameworkContext = IncomingMessage,
> extends Partial<ClaimOptions> {
  /**
   * Tells callers apart: two callers with the same key get neither each other's responses nor each other's outbound keys.
   * Required with a `store`; without a scope no outbound keys are derived.
   */
  readonly scope?: Scope<FrameworkContext> | undefined;
  /**
   * The syntax of a key: a Structured Field String only (`strict`), or a bare key too (`lenient`).
   *
   * @defaultValue "lenient"
   */
  readonly syntax?: KeySyntax | undefined;
  /**
   * The largest body of a keyed request, in bytes; it is read before the handler runs. A larger one gets 413.
   *
   * @defaultValue 1048576
   */
  readonly maxBodyBytes?: number | undefined;
  /**
   * The largest response body that is stored, in bytes. Retries of a request with a larger response get 409: the handler
   * does not run again.
   *
   * @defaultValue 1048576
   */
  readonly maxAnswerBytes?: number | undefined;
  /**
   * Names of headers that are stored beside those that describe the content. `Set-Cookie` and headers that carry
   * credentials are never stored.
   *
   * @defaultValue []
   */
  readonly keepHeaders?: readonly string[] | undefined;
  /**
   * The methods whose keys are claimed. The keys of other requests are validated, and their responses not stored: a read
   * that is retried should get the current state.
   *
   * @defaultValue all that are not safe (GET, HEAD, OPTIONS, TRACE, QUERY)
   */
  readonly methods?: readonly string[] | undefined;
  /**
   * Tells a retry from another request with the same key, where not all of its bytes are to be compared.
   *
   * @defaultValue method, path with query, content type and raw body
   */
  readonly fingerprint?: Fingerprint<FrameworkContext> | undefined;
  /**
   * Which responses are stored, of those whose status allows it: a GraphQL 200 may contain `errors`. For `false` the
   * response is treated as a failure: the next request runs, or, at most once, gets 409 with an unknown outcome.
   *
   * @defaultValue all of them
   */
  readonly keep?: Keep | undefined;
}

/** Options of deduplication, resolved. */
export interface Deduplication {
  readonly claims: ClaimConfig;
  readonly maxBodyBytes: number;
  readonly maxAnswerBytes: number;
  readonly isStoredHeader: HeaderFilter;
  readonly claimsMethod: ClaimsMethod;
  /** Null where all bytes of a request are compared. */
  readonly fingerprint: Fingerprint<unknown> | null;
  /** Null where the status alone decides. */
  readonly keep: Keep | null;
}

/** {@link IdempotencyOptions}, resolved. */
export interface IdempotencyConfig {
  /** Null where no scope was given. */
  readonly scope: Scope<unknown> | null;
  readonly syntax: KeySyntax;
  /** Null where there is no store, and keys are only validated. */
  readonly deduplication: Deduplication | null;
}

/** Options of keys, deduplicated or not, resolved. */
type KeyConfig = Resolved<
  Pick<IdempotencyOptions<unknown>, "scope" | "syntax">,
  { scope: Scope<unknown> | null }
>;

/** Options that need a store, beside those of claims, resolved. */
type RecordConfig = Resolved<
  Omit<IdempotencyOptions<unknown>, keyof ClaimOptions | keyof KeyConfig>,
  {
    keepHeaders: HeaderFilter;
    methods: ClaimsMethod;
    fingerprint: Fingerprint<unknown> | null;
    keep: Keep | null;
  }
>;

/** The options of {@link IdempotencyOptions} that need no store. */
export const keyTable: OptionTable<KeyConfig> = {
  scope: {
    default: null,
    check: checkScope,
    doc: "the caller that a key belongs to: a function of the argument of the framework's middleware (Express' request, Koa's context, Fastify's request), or `\"shared\"` by all callers; required with a store, and without it no outbound keys are derived",
    defaultDoc: "none",
  },
  syntax: choiceOption<KeySyntax>(
    "lenient",
    ["lenient", "strict"],
    '`"strict"` accepts only a quoted string',
  ),
};

const bytes = { min: 0, max: 2 ** 30, integer: true };

/** 1 MiB: Fastify's `bodyLimit`, and more than the parsers of Express and Koa accept. */
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
    "the largest response body that is stored, in bytes; retries of a larger one get 409",
  ),
  keepHeaders: {
    default: storedHeaders([], ""),
    check: storedHeaders,
    doc: "headers that are stored beside those that describe the content; never `Set-Cookie`, nor headers that carry credentials",
    defaultDoc: "none",
  },
  methods: {
    default: claimedMethods(undefined, ""),
    check: claimedMethods,
    doc: "the methods whose keys are claimed; by default all but GET, HEAD, OPTIONS, TRACE and QUERY. The keys of other requests are validated, and their responses not stored",
    defaultDoc: "every unsafe one",
  },
  fingerprint: {
    default: null,
    check: (value, path) => checkFunction(value, path) as Fingerprint<unknown>,
    doc: "a value that a retry has in common with its first request, where not all bytes are to be compared: a function of the argument of the framework's middleware, and of the raw body. It may be async. A key with another fingerprint gets 422",
    defaultDoc: "method, path, content type, body",
  },
  keep: {
    default: null,
    check: (value, path) => checkFunction(value, path) as Keep,
    doc: "a function of a response (`status`, `headers`, `body`) whose status allows it to be stored: `false` treats it as a failure, so that the next request runs. It may be async, for at most `storeTimeoutMs`; if it fails or is late, the response is stored, with a warning",
    defaultDoc: "by status",
  },
};

/**
 * Reads a gate's `idempotency` options.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function idempotencyConfig<FrameworkContext>(
  options: IdempotencyOptions<FrameworkContext>,
  surroundings: {
    readonly clock: Clock;
    readonly retryAfterSeconds: number;
    readonly counts: ClaimCounts;
  },
): IdempotencyConfig {
  const ofStore = [...optionNames(recordTable), ...optionNames(claimTable)];
  checkKeys(options, "idempotency", [...optionNames(keyTable), ...ofStore]);
  const of = readOptions(keyTable, options, optionDefaults(keyTable), "idempotency");
  const { store } = options;
  if (store === undefined) {
    for (const name of ofStore) {
      if (options[name as keyof IdempotencyOptions<FrameworkContext>] === undefined) continue;
      throw new OptionError(`idempotency.${name}`, "needs a store");
    }
    return { ...of, deduplication: null };
  }
  if (of.scope === null) {
    const problem = `must say which caller a key belongs to: a function, or "shared" by all callers`;
    throw new OptionError("idempotency.scope", problem);
  }
  const { keepHeaders, methods, ...records } = readOptions(
    recordTable,
    options,
    optionDefaults(recordTable),
    "idempotency",
  );
  const claims = claimConfig({ ...options, store }, "idempotency", surroundings);
  const deduplication = { ...records, claims, isStoredHeader: keepHeaders, claimsMethod: methods };
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
