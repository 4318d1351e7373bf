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
} from "@reissue/core/internal";

/** What a route does with an inbound Idempotency-Key. */
export type KeyRule = "required" | "optional" | "ignored";

/** What the team that owns a route says about it. */
export interface RouteOptions {
  /**
   * Whether the route takes an Idempotency-Key: `required` (400 without one), `optional` (400 if malformed) or `ignored`
   * (never looked at).
   *
   * @defaultValue "optional"
   */
  readonly idempotencyKey?: KeyRule | undefined;
  /**
   * The conditions under which a run of this route may be repeated: its outbound calls may be resent whatever their
   * method, and its failures get statuses that a load balancer may act on. Naming any is the opt-in.
   *
   * @defaultValue [], which leaves it to methods and keys
   */
  readonly retryOn?: readonly ConditionName[] | undefined;
  /**
   * How long the route may take to its response headers, in ms from when the request reached it; also the deadline of
   * every outbound attempt. In Koa and Fastify it ends with the handler: what outer middleware, or hooks such as
   * `preSerialization` and `onSend`, do with its answer is not counted. What was under way when the process' first route
   * with a time was made has it from then on.
   *
   * @defaultValue none
   */
  readonly timeoutMs?: number | undefined;
}

/** What holds for a request, resolved. */
export interface RouteConfig {
  readonly idempotencyKey: KeyRule;
  readonly retryOn: readonly Condition[];
  /** Infinity for none. */
  readonly timeoutMs: number;
}

/** The options of a route, and of a gate for all of them. */
export const routeTable: OptionTable<RouteConfig> = {
  idempotencyKey: choiceOption<KeyRule>(
    "optional",
    ["required", "optional", "ignored"],
    '`"required"`: 400 without a key; `"optional"`: 400 if it is malformed; `"ignored"`: never looked at. In Express and Koa a route that ignores keys mounts its middleware before the gate',
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
      "how long the route may take to its headers before it is answered for it: with 504 where a replay is safe, else with 500; also the deadline of every outbound call",
    ),
    defaultDoc: "none",
  },
};

/** What holds where nothing was said. */
export const defaultRoute: RouteConfig = optionDefaults(routeTable);

let hasTime = false;

/** Whether a route of this process has a time, be it of a gate: while none has, nobody need know when a request came. */
export function someRouteHasTimeout(): boolean {
  return hasTime;
}

/**
 * Reads what a route says; only what it does say, so that the gate's own settings hold for the rest.
 *
 * @param path - Where the options stand; "" for the gate's own.
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function routeConfig(options: RouteOptions, path: string): Partial<RouteConfig> {
  if (path !== "") checkKeys(options, path, optionNames(routeTable));
  if (options.timeoutMs !== undefined) hasTime = true;
  return readOptions<Partial<RouteConfig>>(
    routeTable as OptionTable<Partial<RouteConfig>>,
    options,
    {},
    path,
  );
}
