import type { ConnectionOptions } from "node:tls";

import { defaultPolicy, OptionError, type RetryOptions, type RetryPolicy } from "@reissue/core";
import {
  checkKeys,
  choiceOption,
  describe,
  durationOption,
  hintBufferMs,
  numberOption,
  optionDefaults,
  optionNames,
  readOptions,
  retryPaths,
  retryPolicy,
  type OptionTable,
  type Resolved,
} from "@reissue/core/internal";
import type { buildConnector, Client } from "undici";

import { bodyTimeout, defaultBodyTimeoutMs } from "./body-timeout.ts";
import { connectTarget, type ConnectTarget } from "../connect/connect-target.ts";
import type { ConnectConfig } from "../connect/connector.ts";
import type { ConnectionSettings, OriginOptions } from "./options.ts";
import { RouteTable } from "./route-table.ts";

/** Options of one origin, resolved. */
export interface OriginConfig extends ConnectConfig {
  readonly policy: RetryPolicy;
  readonly routes: RouteTable;
  readonly connections: number;
  readonly idleMs: number;
  readonly unsafeIdleMs: number;
  readonly holdBytes: number;
  readonly maxWaitingForProbe: number;
  /** Key of unsafe calls that have none; undefined where they get none. */
  readonly idempotencyKey: OriginOptions["idempotencyKey"];
  readonly client: Client.Options;
}

/** {@link ConnectionSettings}, resolved. */
type ResolvedConnection = Resolved<
  ConnectionSettings,
  { retry: RetryPolicy; tls: ConnectionOptions | undefined }
>;

type OriginRoutes = NonNullable<OriginOptions["routes"]>;

/** Options that only {@link OriginOptions} has, resolved. */
type ResolvedOrigin = Resolved<
  Omit<OriginOptions, keyof ConnectionSettings>,
  { connectTo: ConnectTarget | undefined; idempotencyKey: OriginOptions["idempotencyKey"] }
>;

/** Options of every origin, or of one. */
export const connectionTable: OptionTable<ResolvedConnection> = {
  retry: {
    default: defaultPolicy,
    check: (value, path, base) => retryPolicy(value as RetryOptions, base, path),
    doc: "when, how often and for how long requests are sent again",
    defaultDoc: "see [below](#retry)",
  },
  connections: numberOption(
    Infinity,
    { min: 1, max: Infinity, integer: true },
    "connections to one origin, idle and busy; requests beyond them wait in line",
  ),
  idleMs: numberOption(
    4000,
    { min: 1, max: 600_000 },
    "how long a connection may stay idle; the upstream's `Keep-Alive` hint (less 1 s) and what was learned from its closes only lower it",
  ),
  unsafeIdleMs: durationOption(
    1000,
    "how long a connection may have been idle and still carry a request that must not be sent again",
  ),
  holdBytes: numberOption(
    65_536,
    { min: 0 },
    "responses of a declared length up to this are held until they are complete, for requests that may be sent again; 0 switches it off",
  ),
  bodyTimeoutMs: {
    default: defaultBodyTimeoutMs,
    check: bodyTimeout,
    doc: "how long a response may be silent between two chunks of its body, while the caller reads; 0 or Infinity for ever. A route and a call may say it too ([recipe](recipes/streaming.md))",
  },
  connectTimeoutMs: numberOption(
    10_000,
    { min: 1, max: 600_000 },
    "how long connecting may take, TLS included",
  ),
  maxWaitingForProbe: numberOption(
    1024,
    { min: 0, max: Infinity, integer: true },
    "how many requests to an origin that has been down for longer than `retry.unsentWindowMs` wait for what the present probe of it finds, each for at most `unsentWindowMs`; others fail at once",
  ),
  allowH2: choiceOption(
    false,
    [true, false],
    "whether HTTP/2 is offered over TLS; one request at a time on each connection. A response that the upstream or a proxy cuts with a stream reset of NO_ERROR or CANCEL is noticed only if it declares its `Content-Length`: undici's HTTP/2 reports any other as whole",
  ),
  tls: {
    default: undefined,
    check: (value) => value as ConnectionOptions,
    doc: "options for `tls.connect`: `ca`, `cert`, `key`, `servername` …",
    defaultDoc: "none",
  },
};

/** Options of one origin only. */
export const originTable: OptionTable<ResolvedOrigin> = {
  connectTo: {
    default: undefined,
    check: connectTarget,
    doc: "where connections go in place of the origin's host and port: `host:port`, or the absolute path of a Unix socket, as curl's `--connect-to` and `--unix-socket`. Host header, TLS server name, routes and errors stay the origin's",
    defaultDoc: "none",
  },
  idempotencyKey: {
    ...choiceOption<OriginOptions["idempotencyKey"]>(
      undefined,
      ["derive", "forward"],
      'says that this origin honours `Idempotency-Key`: POST and PATCH without a key get one that all attempts of the call share, so they may be sent again. `"derive"`: derived from the inbound request\'s scope and key, and from origin, method and [step](#steps) of the call, so the same whenever the inbound request is retried. `"forward"`: the inbound request\'s key as its client sent it; under one credential that all your callers share, two tenants who choose the same key collide, and so do two calls of one handler. Without an inbound key (or, to derive, without `idempotency.scope`) a random one',
    ),
    defaultDoc: "none",
  },
  routes: {
    default: {},
    check: checkRoutes,
    doc: "by `METHOD /path` the `retry` options of single routes, and their `step`; `:name` is one segment, a last `*` is the rest; the first that matches holds, and a name that no call can match is an error",
    defaultDoc: "none",
  },
};

/** Defaults of a client. */
const defaults = optionDefaults(connectionTable);

/**
 * Resolves the options of one origin: its own over the client's over the defaults.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function originConfig(
  common: ConnectionSettings,
  own: OriginOptions,
  path: string,
): OriginConfig {
  const isOfOrigin = path !== "";
  if (isOfOrigin) {
    const names = [...optionNames(connectionTable), ...optionNames(originTable)];
    checkKeys(own, path, names, retryPaths);
  }
  const shared = readOptions(connectionTable, common, defaults, "");
  const connection = isOfOrigin ? readOptions(connectionTable, own, shared, path) : shared;
  const { routes, idempotencyKey, connectTo } = isOfOrigin
    ? readOptions(originTable, own, optionDefaults(originTable), path)
    : optionDefaults(originTable);
  const { retry: policy, idleMs, bodyTimeoutMs, allowH2, tls, connectTimeoutMs } = connection;
  return {
    policy,
    routes: new RouteTable(routes, { policy, optedIn: false, bodyTimeoutMs }, `${path}.routes`),
    connections: connection.connections,
    idleMs,
    unsafeIdleMs: connection.unsafeIdleMs,
    holdBytes: connection.holdBytes,
    maxWaitingForProbe: connection.maxWaitingForProbe,
    idempotencyKey,
    client: {
      allowH2,
      pipelining: 1,
      // Reissue's own timer limits both: undici's ticks twice a second, and can be half a second early
      // (docs/decisions/0010).
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      keepAliveTimeoutThreshold: hintBufferMs,
    },
    connector: {
      ...(tls as buildConnector.BuildOptions | undefined),
      allowH2,
      timeout: connectTimeoutMs,
    },
    connectTo,
  };
}

function checkRoutes(value: unknown, path: string): OriginRoutes {
  // Of a Map no entry would be seen.
  const isRecord = typeof value === "object" && value !== null && !(Symbol.iterator in value);
  if (isRecord) return value as OriginRoutes;
  throw new OptionError(path, `must be an object, got ${describe(value)}`);
}
