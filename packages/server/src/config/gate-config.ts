import type { IncomingMessage } from "node:http";

import {
  OptionError,
  proxyStatus,
  systemClock,
  classify,
  type Clock,
  type Failure,
} from "@reissue/core";
import {
  checkKeys,
  choiceOption,
  describe,
  numberOption,
  optionDefaults,
  optionNames,
  readOptions,
  type OptionTable,
} from "@reissue/core/internal";

import {
  idempotencyConfig,
  type IdempotencyOptions,
  type IdempotencyConfig,
} from "./idempotency-config.ts";
import {
  defaultRoute,
  routeTable,
  routeConfig,
  type RouteOptions,
  type RouteConfig,
} from "./route-config.ts";

/** What may be said of all requests; what is said of a route wins. */
export interface GateOptions<Carrier = IncomingMessage> extends RouteOptions {
  readonly idempotency?: IdempotencyOptions<Carrier> | undefined;
  /**
   * Which failed requests get 502, 503 or 504: those that are retry-safe, or all of them, though HAProxy and Envoy then
   * replay a POST that may have been processed.
   *
   * @defaultValue "retry-safe"
   */
  readonly convert?: "retry-safe" | "always" | undefined;
  /**
   * What Retry-After says with a 503, in seconds.
   *
   * @defaultValue 1
   */
  readonly retryAfterSeconds?: number | undefined;
  /**
   * Whether Reissue responds to failures itself, as `application/problem+json` (RFC 9457). The application's own error
   * handling is told of them all the same; what it responds is ignored.
   *
   * @defaultValue false
   */
  readonly problemDetails?: boolean | undefined;
  /**
   * The name of this gateway in a Proxy-Status field (RFC 9209), which is sent with translated failures if there is one.
   * An origin server must not send it.
   */
  readonly proxyStatus?: string | undefined;
  /** Time and chance; tests put their own here. */
  readonly clock?: Clock | undefined;
}

/** What holds for a gate, resolved. */
export interface GateConfig {
  readonly route: RouteConfig;
  readonly idempotency: IdempotencyConfig;
  readonly convert: "retry-safe" | "always";
  readonly retryAfterSeconds: number;
  readonly problemDetails: boolean;
  readonly proxyStatus: string | null;
  readonly clock: Clock;
}

/** What is said of a gate only, resolved; `idempotency` is read with what stands beside it. */
type OwnConfig = Pick<
  GateConfig,
  "convert" | "retryAfterSeconds" | "problemDetails" | "proxyStatus" | "clock"
>;

/** The options of {@link GateOptions}, but for those of a route and `idempotency`. */
export const gateTable: OptionTable<OwnConfig> = {
  convert: choiceOption<GateConfig["convert"]>(
    "retry-safe",
    ["retry-safe", "always"],
    '`"always"` gives 502, 503 and 504 to requests that are not retry-safe too',
  ),
  retryAfterSeconds: numberOption(1, { min: 0, max: 86_400 }, "what Retry-After says with a 503"),
  problemDetails: choiceOption(
    false,
    [true, false],
    "responds to failures itself, as `application/problem+json`; error handlers are told, and what they respond is ignored",
  ),
  proxyStatus: {
    default: null,
    check: gatewayName,
    doc: "the name of this gateway in a Proxy-Status field; an origin server must not send one",
    defaultDoc: "none",
  },
  clock: {
    default: systemClock,
    check: (value) => value as Clock,
    doc: "time and chance, for tests: `manualClock()` of `@reissue/testing`",
    defaultDoc: "the system's",
  },
};

/**
 * Resolves a gate's options.
 *
 * @param alsoKnown - Names of options that are the adapter's own.
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function gateConfig<Carrier>(
  options: GateOptions<Carrier>,
  alsoKnown: readonly string[] = [],
): GateConfig {
  const known = [...optionNames(routeTable), ...optionNames(gateTable), "idempotency"];
  checkKeys(options, "options", [...known, ...alsoKnown]);
  const own = readOptions(gateTable, options, optionDefaults(gateTable), "");
  return {
    ...own,
    route: { ...defaultRoute, ...routeConfig(options, "") },
    idempotency: idempotencyConfig(options.idempotency ?? {}, own),
  };
}

/** A failure that has a token, to try a gateway's name on. */
function refused(): Failure {
  return classify(Object.assign(new Error(), { code: "ECONNREFUSED", syscall: "connect" }));
}

function gatewayName(name: unknown): string {
  const isName = typeof name === "string" && name !== "" && proxyStatus(name, refused()) !== null;
  if (isName) return name;
  throw new OptionError("proxyStatus", `must be a name in visible ASCII, got ${describe(name)}`);
}
