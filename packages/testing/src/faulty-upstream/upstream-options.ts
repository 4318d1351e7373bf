import type { Closing } from "./faults/fault.ts";
import { checkFaultRules, type FaultRule } from "./faults/fault-plan.ts";
import { checkKeys } from "@reissue/core/internal";
import { numberOption, wordOption } from "../option.ts";
import type { ReceivedRequest } from "./http/received-request.ts";
import { checkResponse, type UpstreamResponse } from "./http/response.ts";

/** Options of {@link faultyUpstream}; all have defaults, and without faults the upstream is a plain origin. */
export interface FaultyUpstreamOptions {
  /** An integer; the same seed and order of requests give the same faults. @defaultValue 1 */
  readonly seed?: number | undefined;
  /** @defaultValue 0, any free port */
  readonly port?: number | undefined;
  /** @defaultValue `"127.0.0.1"` */
  readonly host?: string | undefined;
  /**
   * When a connection without a new request is closed, in milliseconds after the end of a response.
   *
   * @defaultValue Infinity
   */
  readonly idleTimeoutMs?: number | undefined;
  /** How an idle connection is closed; `408` sends a 408 before the FIN, as load balancers do. @defaultValue `"fin"` */
  readonly idleClose?: Closing | "408" | undefined;
  /** The value of `Keep-Alive`, such as `timeout=5`, whether true or not. @defaultValue no such header */
  readonly keepAliveHint?: string | undefined;
  /** @defaultValue no faults */
  readonly faults?: readonly FaultRule[] | undefined;
  /** The response, or a function that creates it once the request is complete. @defaultValue 200 with the body `ok` */
  readonly respond?:
    | UpstreamResponse
    | ((request: ReceivedRequest) => UpstreamResponse | Promise<UpstreamResponse>)
    | undefined;
  /**
   * Whether to respond without a second side effect to a request whose Idempotency-Key was processed before.
   *
   * @defaultValue false
   */
  readonly honourKeys?: boolean | undefined;
  /** The largest body that the log stores, in bytes; of larger ones it has count and hash. @defaultValue 4096 */
  readonly keepBodyBytes?: number | undefined;
  /** The number of requests that the log stores. @defaultValue 10000 */
  readonly maxRequests?: number | undefined;
}

const optionNames: readonly string[] = [
  "seed",
  "port",
  "host",
  "idleTimeoutMs",
  "idleClose",
  "keepAliveHint",
  "faults",
  "respond",
  "honourKeys",
  "keepBodyBytes",
  "maxRequests",
];

/** {@link FaultyUpstreamOptions} with every default filled in. */
export interface UpstreamSettings {
  readonly seed: number;
  readonly port: number;
  readonly host: string;
  readonly idleTimeoutMs: number;
  readonly idleClose: Closing | "408";
  readonly keepAliveHint: string | undefined;
  readonly faults: readonly FaultRule[];
  readonly respond:
    | UpstreamResponse
    | ((request: ReceivedRequest) => UpstreamResponse | Promise<UpstreamResponse>);
  readonly honourKeys: boolean;
  readonly keepBodyBytes: number;
  readonly maxRequests: number;
}

/**
 * Checks a response, or a function that creates one.
 *
 * @throws OptionError with the option's path
 */
export function checkRespond(path: string, respond: UpstreamSettings["respond"]): void {
  if (typeof respond !== "function") checkResponse(path, respond);
}

/**
 * Checks options and fills in the defaults.
 *
 * @throws OptionError with the option's path
 */
export function upstreamSettings(options: FaultyUpstreamOptions): UpstreamSettings {
  checkKeys(options, "options", optionNames);
  const { faults = [], respond = {}, host = "127.0.0.1" } = options;
  checkFaultRules("options.faults", faults);
  checkRespond("options.respond", respond);
  const count = { fallback: 0, min: 0, max: Infinity };
  return {
    seed: numberOption("options.seed", options.seed, {
      fallback: 1,
      min: -(2 ** 53),
      max: 2 ** 53,
    }),
    port: numberOption("options.port", options.port, { fallback: 0, min: 0, max: 65_535 }),
    host,
    idleTimeoutMs: numberOption("options.idleTimeoutMs", options.idleTimeoutMs, {
      fallback: Infinity,
      min: 1,
      max: Infinity,
      fraction: true,
    }),
    idleClose: wordOption("options.idleClose", options.idleClose, ["fin", "rst", "408"], "fin"),
    keepAliveHint: options.keepAliveHint,
    faults,
    respond,
    honourKeys: options.honourKeys ?? false,
    keepBodyBytes: numberOption("options.keepBodyBytes", options.keepBodyBytes, {
      ...count,
      fallback: 4_096,
    }),
    maxRequests: numberOption("options.maxRequests", options.maxRequests, {
      ...count,
      fallback: 10_000,
    }),
  };
}
