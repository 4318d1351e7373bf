import type { Condition, ConditionName } from "@reissue/core";
import {
  checkKeys,
  choiceOption,
  conditions,
  maxTimerMs,
  numberOption,
  optionDefaults,
  optionNames,
  readOptions,
  type OptionTable,
  type Resolved,
} from "@reissue/core/internal";

import { checkCalled } from "../misuse/uncalled.ts";

/** A route's rule for inbound Idempotency-Keys. */
export type KeyRule = "required" | "optional" | "ignored";

/** Options of a route. */
export interface RouteOptions {
  /**
   * Whether the route takes an Idempotency-Key: `required` (400 without one), `optional` (400 if malformed) or `ignored`
   * (not read).
   *
   * @defaultValue "optional"
   */
  readonly idempotencyKey?: KeyRule | undefined;
  /**
   * The conditions under which this route may run again: its outbound calls may be resent whatever their method, and its
   * failures get statuses that a load balancer may retry. Naming any condition is the opt-in.
   *
   * @defaultValue [], so that methods and keys decide
   */
  readonly retryOn?: readonly ConditionName[] | undefined;
  /**
   * How long the route may take until its response headers, in ms from when the request came; also the deadline of every
   * outbound attempt. In Koa and Fastify the timeout ends with the handler: outer middleware, and hooks such as
   * `preSerialization` and `onSend`, are not counted. For requests that were under way when the process created its first
   * route with a timeout, it counts from then on.
   *
   * @defaultValue none
   */
  readonly timeoutMs?: number | undefined;
}

/** {@link RouteOptions}, resolved; `timeoutMs` is Infinity for none. */
export type RouteConfig = Resolved<RouteOptions, { retryOn: readonly Condition[] }>;

/** The options of a route, and of a gate for all of them. */
export const routeTable: OptionTable<RouteConfig> = {
  idempotencyKey: choiceOption<KeyRule>(
    "optional",
    ["required", "optional", "ignored"],
    '`"required"`: 400 without a key; `"optional"`: 400 if it is malformed; `"ignored"`: not read. In Express and Koa, mount the middleware of a route that ignores keys before the gate',
  ),
  retryOn: {
    default: [],
    check: conditions,
    doc: "opts in: outbound calls may be resent whatever their method, and failures get 502, 503 or 504",
  },
  timeoutMs: {
    ...numberOption(
      Infinity,
      { min: 1, max: maxTimerMs },
      "how long the route may take until its response headers, in ms; after that the request gets 504 where a replay is safe, else 500; also the deadline of every outbound call",
    ),
    defaultDoc: "none",
  },
};

/** The options of a route that sets none. */
export const defaultRoute: RouteConfig = optionDefaults(routeTable);

let hasTimeout = false;

/** Whether a route or a gate of this process has a timeout; only then the time at which a request comes is needed. */
export function someRouteHasTimeout(): boolean {
  return hasTimeout;
}

/**
 * Reads a route's options. Options that are not set are left out, so that the gate's own apply.
 *
 * @param path - The path of the options in error messages; "" for a gate's own.
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function routeConfig(options: RouteOptions, path: string): Partial<RouteConfig> {
  if (path !== "") {
    checkCalled(options, path, `write ${path}({ timeoutMs: 5000 })`);
    checkKeys(options, path, optionNames(routeTable));
  }
  if (options.timeoutMs !== undefined) hasTimeout = true;
  return readOptions<Partial<RouteConfig>>(
    routeTable as OptionTable<Partial<RouteConfig>>,
    options,
    {},
    path,
  );
}
