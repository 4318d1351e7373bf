import type { IncomingMessage } from "node:http";

import { OptionError, proxyStatus, systemClock, classify, type Clock } from "@reissue/core";
import { checkKeys, checkNumber, checkOneOf, describe } from "@reissue/core/internal";

import {
  idempotencyConfig,
  type IdempotencyOptions,
  type IdempotencyConfig,
} from "./idempotency-config.ts";
import {
  defaultRoute,
  routeKeys,
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

/** The names in {@link GateOptions}. */
export const gateKeys: readonly (keyof GateOptions)[] = [
  ...routeKeys,
  "idempotency",
  "convert",
  "retryAfterSeconds",
  "problemDetails",
  "proxyStatus",
  "clock",
];

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
  checkKeys(options, "options", [...gateKeys, ...alsoKnown]);
  const { convert = "retry-safe", problemDetails = false, idempotency = {} } = options;
  checkOneOf(convert, ["retry-safe", "always"], "convert");
  checkOneOf(problemDetails, [true, false], "problemDetails");
  const retryAfterSeconds = checkNumber(options.retryAfterSeconds, "retryAfterSeconds", 1, {
    min: 0,
    max: 86_400,
  });
  const clock = options.clock ?? systemClock;
  return {
    route: { ...defaultRoute, ...routeConfig(options, "") },
    idempotency: idempotencyConfig(idempotency, { clock, retryAfterSeconds }),
    convert,
    retryAfterSeconds,
    problemDetails,
    proxyStatus: gatewayName(options.proxyStatus),
    clock,
  };
}

/** A failure that has a token, to try a gateway's name on. */
const refused = classify(Object.assign(new Error(), { code: "ECONNREFUSED", syscall: "connect" }));

function gatewayName(name: unknown): string | null {
  if (name === undefined) return null;
  if (typeof name === "string" && name !== "" && proxyStatus(name, refused) !== null) return name;
  throw new OptionError("proxyStatus", `must be a name in visible ASCII, got ${describe(name)}`);
}
