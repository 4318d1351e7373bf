import type { Closing } from "./faults/fault.ts";
import { checkFaultRules, type FaultRule } from "./faults/fault-plan.ts";
import { checkKeys } from "@reissue/core/internal";
import { numberOption, wordOption } from "../option.ts";
import type { ReceivedRequest } from "./http/received-request.ts";
import { checkResponse, type UpstreamResponse } from "./http/response.ts";

/** How a faulty upstream behaves; every option has a default, and without faults it is a plain origin. */
export interface FaultyUpstreamOptions {
  /** Same seed and same order of requests, same faults. An integer. @defaultValue 1 */
  readonly seed?: number | undefined;
  /** @defaultValue 0, any free port */
  readonly port?: number | undefined;
  /** @defaultValue `"127.0.0.1"` */
  readonly host?: string | undefined;
  /**
   * Milliseconds after the end of an answer at which a connection without a new request is closed.
   *
   * @defaultValue Infinity
   */
  readonly idleTimeoutMs?: number | undefined;
  /** How it is closed then; `408` sends an unasked 408 before the FIN, as balancers do. @defaultValue `"fin"` */
  readonly idleClose?: Closing | "408" | undefined;
  /** Sent verbatim as `Keep-Alive`, such as `timeout=5`, true or not. @defaultValue no such header */
  readonly keepAliveHint?: string | undefined;
  /** @defaultValue no faults */
  readonly faults?: readonly FaultRule[] | undefined;
  /** The answer, or what makes one of the request once it is whole. @defaultValue 200 with the body `ok` */
  readonly respond?:
    | UpstreamResponse
    | ((request: ReceivedRequest) => UpstreamResponse | Promise<UpstreamResponse>)
    | undefined;
  /**
   * Answers a request whose Idempotency-Key was processed before without a second side effect.
   *
   * @defaultValue false
   */
  readonly honourKeys?: boolean | undefined;
  /** Bodies up to so many bytes are kept in the log; larger ones only as count and hash. @defaultValue 4096 */
  readonly keepBodyBytes?: number | undefined;
  /** So many of the last requests are kept in the log. @defaultValue 10000 */
  readonly maxRequests?: number | undefined;
}

const OPTIONS: readonly string[] = [
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
 * Checks an answer, or what makes one.
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
  checkKeys(options, "options", OPTIONS);
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
