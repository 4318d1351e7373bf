import type { AttemptRecord, Delivery, GiveUpReason } from "@reissue/core";

import type { NodeRequest } from "../node-internals.ts";

/** What is known of a request that failed, as `error.reissue`; the error itself stays Node's. */
export interface RequestReport {
  /** The weakest delivery of all attempts: what is known of the request's fate. */
  readonly delivery: Delivery;
  /** Why it was not sent again; `unsupported` where this Node's internals are not as they are known. */
  readonly reason: GiveUpReason;
  /** How often it was sent again. */
  readonly resends: number;
  /** The attempts that failed, oldest first. */
  readonly attempts: readonly AttemptRecord[];
}

/** How deep a client may wrap Node's error; the clients that are known wrap it once. */
const maxDepth = 8;

/**
 * Finds what is known of a request's fate on its error, or on the one that a client has wrapped in its own as `cause`
 * (axios, got) or `detail` (stripe).
 *
 * @returns null where the request was not sent by an agent of Reissue, or the client has lost the error (node-fetch).
 *
 * @example
 * ```js
 * axiosRetry(client, {
 *   retryCondition: (error) => isIdempotentRequestError(error) || reportOf(error)?.delivery === "unsent",
 * });
 * ```
 */
export function reportOf(error: unknown): RequestReport | null {
  let each = error;
  for (let depth = 0; depth < maxDepth; depth += 1) {
    if (typeof each !== "object" || each === null) return null;
    const { reissue, cause, detail } = each as {
      readonly reissue?: RequestReport;
      readonly cause?: unknown;
      readonly detail?: unknown;
    };
    if (typeof reissue === "object" && typeof reissue.delivery === "string") return reissue;
    each = cause ?? detail;
  }
  return null;
}

/** Puts a report on an error; not enumerable, so that logs and comparisons of errors stay as they were. */
export function putReport(error: unknown, report: RequestReport): void {
  if (typeof error !== "object" || error === null || !Object.isExtensible(error)) return;
  Object.defineProperty(error, "reissue", { value: report, configurable: true, writable: true });
}

/** Puts a report on the error that Node is about to make for a request: its "socket hang up" does not exist before. */
export function putReportOnNextError(request: NodeRequest, report: RequestReport): void {
  // oxlint-disable-next-line typescript/unbound-method -- It is called with its request.
  const { emit } = request;
  request.emit = function emitWithReport(...args: [string | symbol, ...unknown[]]): boolean {
    if (args[0] === "error" || args[0] === "close") request.emit = emit;
    if (args[0] === "error") putReport(args[1], report);
    return Reflect.apply<NodeRequest, typeof args, boolean>(emit, request, args);
  };
}
