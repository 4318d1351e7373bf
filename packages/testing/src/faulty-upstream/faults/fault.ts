import { OptionError } from "@reissue/core";
import { checkKeys } from "@reissue/core/internal";
import { numberOption, wordOption } from "../../option.ts";

/** A way to close a connection: `rst` is a real TCP reset, `fin` an orderly end of the upstream's side. */
export type Closing = "rst" | "fin";

/** Whether a fault is applied before or after the side effect of the request is committed. */
export type Moment = "before-processing" | "after-processing";

/** When a fault before processing is applied: once the head has arrived, or also the body. */
export type Arrival = "head" | "body-end";

/**
 * A failure of one request.
 *
 * - `reset`, `end`: the connection is reset (RST) or ended (FIN) instead of a response.
 * - `hang`: never a response; the connection stays open until the client or the upstream closes it.
 * - `garbage`: bytes that are not HTTP, then FIN.
 * - `status`: a response with that status, and Retry-After if given (seconds, or a verbatim value).
 * - `cut-headers`, `cut-body`, `cut-chunked`: the response stops in its head, in a body of declared length, or in a
 *   chunked body, after `afterBytes` bytes of that part (default: half; the first of two chunks).
 * - `slow`: the response is sent slowly, `chunkBytes` every `everyMs`, from its head or only from its body on.
 * - `answer-then-close`: a complete response that does not announce the close that follows `delayMs` later.
 * - `kill-idle`: as this request arrives, all idle connections are closed; the request itself is served.
 * - `restart`: as this request arrives, or once it is processed, the upstream restarts and is down for `downMs`.
 */
export type Fault =
  | {
      readonly fault: "reset" | "end" | "hang" | "garbage";
      /** @defaultValue `"before-processing"` */
      readonly when?: Moment | undefined;
      /** Only with before-processing. @defaultValue `"head"` */
      readonly at?: Arrival | undefined;
      /** Milliseconds between the moment and the fault. @defaultValue 0 */
      readonly delayMs?: number | undefined;
    }
  | {
      readonly fault: "status";
      /** @defaultValue 503 */
      readonly status?: number | undefined;
      /** Sent as Retry-After: seconds, or a verbatim value such as an HTTP date. */
      readonly retryAfter?: number | string | undefined;
      /** Further response headers. */
      readonly headers?: Readonly<Record<string, string>> | undefined;
      /** @defaultValue the status as text */
      readonly body?: string | undefined;
      /** @defaultValue `"before-processing"` */
      readonly when?: Moment | undefined;
      readonly delayMs?: number | undefined;
    }
  | {
      readonly fault: "cut-headers" | "cut-body" | "cut-chunked";
      /** @defaultValue `"rst"` */
      readonly with?: Closing | undefined;
      readonly afterBytes?: number | undefined;
      /** @defaultValue `"after-processing"` */
      readonly when?: Moment | undefined;
      /**
       * Milliseconds between the last byte and the cut. A Node client that reads bytes and RST at once takes the RST for a
       * FIN, so that RST waits.
       *
       * @defaultValue 10 with `rst`, 0 with `fin`
       */
      readonly delayMs?: number | undefined;
    }
  | {
      readonly fault: "slow";
      /** @defaultValue 16 */
      readonly chunkBytes?: number | undefined;
      /** @defaultValue 10 */
      readonly everyMs?: number | undefined;
      /** @defaultValue `"head"` */
      readonly from?: "head" | "body" | undefined;
    }
  | {
      readonly fault: "answer-then-close";
      /** @defaultValue `"fin"` */
      readonly with?: Closing | undefined;
      /** @defaultValue 0 */
      readonly delayMs?: number | undefined;
    }
  | {
      readonly fault: "kill-idle";
      /** @defaultValue `"rst"` */
      readonly with?: Closing | undefined;
    }
  | {
      readonly fault: "restart";
      /** @defaultValue 100 */
      readonly downMs?: number | undefined;
      /** @defaultValue `"rst"` */
      readonly with?: Closing | undefined;
      /** @defaultValue `"before-processing"` */
      readonly when?: Moment | undefined;
    };

/** The name of a fault. */
export type FaultName = Fault["fault"];

const optionNames: Readonly<Record<FaultName, readonly string[]>> = {
  reset: ["when", "at", "delayMs"],
  end: ["when", "at", "delayMs"],
  hang: ["when", "at", "delayMs"],
  garbage: ["when", "at", "delayMs"],
  status: ["status", "retryAfter", "headers", "body", "when", "delayMs"],
  "cut-headers": ["with", "afterBytes", "when", "delayMs"],
  "cut-body": ["with", "afterBytes", "when", "delayMs"],
  "cut-chunked": ["with", "afterBytes", "when", "delayMs"],
  slow: ["chunkBytes", "everyMs", "from"],
  "answer-then-close": ["with", "delayMs"],
  "kill-idle": ["with"],
  restart: ["downMs", "with", "when"],
};

/** The names of all faults. */
export const faultNames: readonly FaultName[] = Object.keys(optionNames) as FaultName[];

const maxDelayMs = 3_600_000;

/**
 * Checks a fault.
 *
 * @param path - The fault's path, such as `faults[0]`, for the error message.
 * @param selectors - Names of the options beside the fault's own.
 * @throws OptionError with the option's path
 */
export function checkFault(path: string, fault: Fault, selectors: readonly string[] = []): void {
  if (typeof fault !== "object" || fault === null) throw new OptionError(path, "must be an object");
  if (fault.fault === undefined)
    throw new OptionError(`${path}.fault`, `is missing; one of ${faultNames.join(", ")}`);
  wordOption(`${path}.fault`, fault.fault, faultNames, fault.fault);
  checkKeys(fault, path, ["fault", ...optionNames[fault.fault], ...selectors]);
  const given: Readonly<Record<string, unknown>> = { ...fault };
  wordOption(
    `${path}.when`,
    given["when"],
    ["before-processing", "after-processing"],
    "before-processing",
  );
  wordOption(`${path}.at`, given["at"], ["head", "body-end"], "head");
  wordOption(`${path}.with`, given["with"], ["rst", "fin"], "rst");
  wordOption(`${path}.from`, given["from"], ["head", "body"], "head");
  for (const name of ["delayMs", "everyMs", "downMs"]) {
    numberOption(`${path}.${name}`, given[name], {
      fallback: 0,
      min: 0,
      max: maxDelayMs,
      fraction: true,
    });
  }
  numberOption(`${path}.status`, given["status"], { fallback: 503, min: 200, max: 599 });
  numberOption(`${path}.chunkBytes`, given["chunkBytes"], { fallback: 16, min: 1, max: Infinity });
  numberOption(`${path}.afterBytes`, given["afterBytes"], { fallback: 0, min: 0, max: Infinity });
  if (given["at"] !== undefined && given["when"] === "after-processing") {
    throw new OptionError(`${path}.at`, "applies only before-processing");
  }
}
