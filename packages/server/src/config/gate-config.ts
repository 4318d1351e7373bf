import type { IncomingMessage } from "node:http";

import {
  OptionError,
  proxyStatus,
  classify,
  type Clock,
  type Failure,
  type MisuseCheck,
  type ValidateOption,
} from "@reissue/core";
import {
  checkKeys,
  choiceOption,
  clockOption,
  describe,
  MisuseWarnings,
  numberOption,
  optionDefaults,
  optionNames,
  readOptions,
  validateOption,
  type OptionTable,
  type Resolved,
} from "@reissue/core/internal";

import {
  idempotencyConfig,
  type IdempotencyOptions,
  type IdempotencyConfig,
} from "./idempotency-config.ts";
import { GateCounts } from "../diagnostics/gate-counts.ts";
import { checkCalled } from "../misuse/uncalled.ts";
import { parsedBodies, type ParsedBodies } from "../misuse/parsed-bodies.ts";
import {
  defaultRoute,
  routeTable,
  routeConfig,
  type RouteOptions,
  type RouteConfig,
} from "./route-config.ts";

/** Options for all requests of a gate; a route's own options win. */
export interface GateOptions<FrameworkContext = IncomingMessage> extends RouteOptions {
  /** Idempotency keys: syntax, scope and store. */
  readonly idempotency?: IdempotencyOptions<FrameworkContext> | undefined;
  /**
   * Which failed requests get 502, 503 or 504: those that are retry-safe, or all of them. With `"always"` HAProxy and Envoy
   * may replay a POST that has been processed.
   *
   * @defaultValue "retry-safe"
   */
  readonly convert?: "retry-safe" | "always" | undefined;
  /**
   * The value of Retry-After with a 503, in seconds.
   *
   * @defaultValue 1
   */
  readonly retryAfterSeconds?: number | undefined;
  /**
   * Whether Reissue responds to failures itself, as `application/problem+json` (RFC 9457). The application's own error
   * handling is called all the same, and its response is discarded.
   *
   * @defaultValue false
   */
  readonly problemDetails?: boolean | undefined;
  /**
   * The name of this gateway in the Proxy-Status field (RFC 9209) of translated failures; without a name there is no
   * field. An origin server must not send it.
   */
  readonly proxyStatus?: string | undefined;
  /**
   * Whether misuse of the gate, and of a client that it opens, is told by a process warning; or which checks are off.
   *
   * @defaultValue true
   */
  readonly validate?: ValidateOption | undefined;
  /** Time, timers and randomness, for tests. */
  readonly clock?: Clock | undefined;
}

/** {@link GateOptions}, resolved. */
export interface GateConfig {
  readonly route: RouteConfig;
  readonly idempotency: IdempotencyConfig;
  readonly convert: "retry-safe" | "always";
  readonly retryAfterSeconds: number;
  readonly problemDetails: boolean;
  readonly proxyStatus: string | null;
  readonly clock: Clock;
  /** Warnings about the misuse of this gate. */
  readonly warnings: MisuseWarnings;
  readonly counts: GateCounts;
  /** Looks for bodies that were parsed before the gate; null where that does no harm. */
  readonly parsedBodies: ParsedBodies | null;
}

/** The options of a gate alone, resolved, but for `idempotency`, which depends on them. */
type OwnConfig = Resolved<
  Omit<GateOptions, keyof RouteOptions | "idempotency">,
  { proxyStatus: string | null; validate: readonly MisuseCheck[] }
>;

/** The options of {@link GateOptions}, but for those of a route and `idempotency`. */
export const gateTable: OptionTable<OwnConfig> = {
  convert: choiceOption<GateConfig["convert"]>(
    "retry-safe",
    ["retry-safe", "always"],
    '`"always"` gives 502, 503 and 504 to requests that are not retry-safe too',
  ),
  retryAfterSeconds: numberOption(
    1,
    { min: 0, max: 86_400 },
    "the value of Retry-After with a 503, in seconds",
  ),
  problemDetails: choiceOption(
    false,
    [true, false],
    "responds to failures itself, as `application/problem+json`; error handlers are called all the same, and their responses are discarded",
  ),
  proxyStatus: {
    default: null,
    check: gatewayName,
    doc: "the name of this gateway in the Proxy-Status field of translated failures; an origin server must not send one",
    defaultDoc: "none",
  },
  validate: validateOption,
  clock: clockOption,
};

/**
 * Resolves a gate's options.
 *
 * @param adapterNames - Names of options that are the adapter's own.
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function gateConfig<FrameworkContext>(
  options: GateOptions<FrameworkContext>,
  adapterNames: readonly string[] = [],
): GateConfig {
  const names = [...optionNames(routeTable), ...optionNames(gateTable), "idempotency"];
  checkCalled(options, "options", "write app.use(reissue())");
  checkKeys(options, "options", [...names, ...adapterNames]);
  const { validate, ...own } = readOptions(gateTable, options, optionDefaults(gateTable), "");
  const warnings = new MisuseWarnings(validate);
  const counts = new GateCounts();
  const surroundings = { ...own, counts: counts.claims };
  const idempotency = idempotencyConfig(options.idempotency ?? {}, surroundings);
  return {
    ...own,
    route: { ...defaultRoute, ...routeConfig(options, "") },
    idempotency,
    warnings,
    counts,
    parsedBodies: parsedBodies(idempotency, warnings),
  };
}

/** A failure that has a Proxy-Status error, to check a gateway's name with. */
function refused(): Failure {
  return classify(Object.assign(new Error(), { code: "ECONNREFUSED", syscall: "connect" }));
}

function gatewayName(name: unknown): string {
  const isName = typeof name === "string" && name !== "" && proxyStatus(name, refused()) !== null;
  if (isName) return name;
  throw new OptionError("proxyStatus", `must be a name in visible ASCII, got ${describe(name)}`);
}
