import { defaultPolicy, OptionError, type RetryPolicy } from "@reissue/core";
import {
  checkDuration,
  checkKeys,
  checkNumber,
  checkOneOf,
  describe,
  retryPolicy,
} from "@reissue/core/internal";
import type { buildConnector, Client } from "undici";

import { bodyTimeout, defaultBodyTimeoutMs } from "./body-timeout.ts";
import type { ConnectionSettings, OriginOptions } from "./options.ts";
import { hintBufferMs } from "@reissue/core/internal";
import { RouteTable } from "./route-table.ts";

/** Everything that holds for one origin, resolved. */
export interface OriginConfig {
  readonly policy: RetryPolicy;
  readonly routes: RouteTable;
  readonly connections: number;
  readonly idleMs: number;
  readonly unsafeIdleMs: number;
  readonly holdBytes: number;
  readonly maxWaitingForProbe: number;
  /** Which key unsafe calls without one get; undefined where they get none. */
  readonly idempotencyKey: OriginOptions["idempotencyKey"];
  readonly client: Client.Options;
  readonly connector: buildConnector.BuildOptions;
}

/** The names in {@link ConnectionSettings}. */
export const connectionKeys: readonly (keyof ConnectionSettings)[] = [
  "retry",
  "connections",
  "idleMs",
  "unsafeIdleMs",
  "holdBytes",
  "bodyTimeoutMs",
  "connectTimeoutMs",
  "maxWaitingForProbe",
  "allowH2",
  "tls",
];

const originKeys: readonly (keyof OriginOptions)[] = [
  ...connectionKeys,
  "idempotencyKey",
  "routes",
];

/**
 * Resolves what holds for one origin: its own options over the client's over the defaults.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function originConfig(
  common: ConnectionSettings,
  own: OriginOptions,
  path: string,
): OriginConfig {
  if (path !== "") checkKeys(own, path, originKeys);
  const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const value = <K extends keyof ConnectionSettings>(name: K): ConnectionSettings[K] =>
    own[name] ?? common[name];
  const shared = retryPolicy(common.retry ?? {}, defaultPolicy, "retry");
  const policy = own === common ? shared : retryPolicy(own.retry ?? {}, shared, at("retry"));
  const idleMs = checkNumber(value("idleMs"), at("idleMs"), 4000, { min: 1, max: 600_000 });
  const allowH2 = checkBoolean(value("allowH2"), at("allowH2"));
  const bodyTimeoutMs = bodyTimeout(
    value("bodyTimeoutMs"),
    at("bodyTimeoutMs"),
    defaultBodyTimeoutMs,
  );
  const { idempotencyKey } = own;
  if (idempotencyKey !== undefined) {
    checkOneOf(idempotencyKey, ["derive", "forward"], at("idempotencyKey"));
  }
  if (own.routes !== undefined && typeof own.routes !== "object") {
    throw new OptionError(at("routes"), `must be an object, got ${describe(own.routes)}`);
  }
  return {
    policy,
    routes: new RouteTable(own.routes, { policy, optedIn: false, bodyTimeoutMs }, at("routes")),
    connections: checkNumber(value("connections"), at("connections"), Infinity, {
      min: 1,
      max: Infinity,
      integer: true,
    }),
    idleMs,
    unsafeIdleMs: checkDuration(value("unsafeIdleMs"), at("unsafeIdleMs"), 1000),
    holdBytes: checkNumber(value("holdBytes"), at("holdBytes"), 65_536, { min: 0 }),
    maxWaitingForProbe: checkNumber(value("maxWaitingForProbe"), at("maxWaitingForProbe"), 1024, {
      min: 0,
      max: Infinity,
      integer: true,
    }),
    idempotencyKey,
    client: {
      allowH2,
      pipelining: 1,
      // Our own timer bounds both: undici's ticks twice a second, and can be half a second early (docs/decisions/0010).
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      keepAliveTimeoutThreshold: hintBufferMs,
    },
    connector: {
      ...(value("tls") as buildConnector.BuildOptions | undefined),
      allowH2,
      timeout: checkNumber(value("connectTimeoutMs"), at("connectTimeoutMs"), 10_000, {
        min: 1,
        max: 600_000,
      }),
    },
  };
}

function checkBoolean(value: unknown, path: string): boolean {
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  throw new OptionError(path, `must be true or false, got ${describe(value)}`);
}
