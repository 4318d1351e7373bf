import type { ClientRequest } from "node:http";
import { types } from "node:util";

import {
  defaultPolicy,
  OptionError,
  type CallRetryOptions,
  type Clock,
  type RetryOptions,
  type RetryPolicy,
} from "@reissue/core";
import {
  bodyLimitsOption,
  callRetryPolicy,
  checkKeys,
  clockOption,
  durationOption,
  numberOption,
  optionDefaults,
  optionNames,
  readOptions,
  retryPolicy,
  type BodyLimits,
  type OptionTable,
  type Resolved,
} from "@reissue/core/internal";

/** What an agent may say about resending; the client's own timeouts bound an attempt, and it is given every response. */
export type AgentRetryOptions = Omit<RetryOptions, "attemptTimeoutMs">;

/** What `policyFor` may say about one request. */
export type RequestRetryOptions = Omit<CallRetryOptions, "attemptTimeoutMs">;

/** Tells what holds for one request; undefined for what holds for the agent. */
export type PolicyFor = (
  request: ClientRequest,
  options: Readonly<Record<string, unknown>>,
) => RequestRetryOptions | undefined;

/** What goes into the field `reissue` of an agent's options. */
export interface ReissueAgentOptions {
  /**
   * When, how often and for how long requests are resent, with the units and defaults of RetryPolicy but for
   * `maxAttempts`. Conditions that speak of statuses or timeouts never apply: the client is given the response, and ends
   * what takes too long by itself.
   *
   * @defaultValue `{ maxAttempts: 1 }`: most clients retry by themselves, and the two would multiply; stale and unsent
   * requests are resent all the same
   */
  readonly retry?: AgentRetryOptions | undefined;
  /**
   * How long a connection may stay idle, in ms; a server's Keep-Alive hint and what was learned only lower it.
   *
   * @defaultValue 4000: under the 5 s of Node's and Apache's servers, the shortest common ones
   */
  readonly idleMs?: number | undefined;
  /**
   * How long a connection may have been idle and still carry a request that must not be resent, in ms.
   *
   * @defaultValue 1000
   */
  readonly unsafeIdleMs?: number | undefined;
  /** How much of a request is kept once it is sent, until the first byte of its response; what is longer is not resent. */
  readonly bodies?:
    | {
        /** For one request, in bytes. @defaultValue 1048576 (1 MiB, the per-RPC buffer of gRFC A6) */
        readonly maxBytes?: number | undefined;
        /** For all requests of the agent together, in bytes. @defaultValue 16777216 (16 MiB, the total of gRFC A6) */
        readonly maxBytesTotal?: number | undefined;
      }
    | undefined;
  /**
   * Tells what holds for one request; naming conditions in `retryOn` opts it in, whatever its method. What it throws is
   * the request's error. It may be asked twice: where it did not opt in a request that is not idempotent, it is asked
   * again once the headers are complete.
   *
   * @example
   * ```js
   * // DynamoDB reads by POST.
   * const policyFor = (request) =>
   *   /\.(GetItem|Query)$/.test(request.getHeader("x-amz-target")) ? { retryOn: ["reset"] } : undefined;
   * ```
   */
  readonly policyFor?: PolicyFor | undefined;
  /** Time and chance; tests put their own here. @defaultValue the real clock */
  readonly clock?: Clock | undefined;
}

/** {@link ReissueAgentOptions} with every default filled in. */
export interface AgentConfig {
  readonly policy: RetryPolicy;
  readonly idleMs: number;
  readonly unsafeIdleMs: number;
  readonly maxBytes: number;
  readonly maxBytesTotal: number;
  readonly policyFor: PolicyFor | undefined;
  readonly clock: Clock;
}

/** {@link ReissueAgentOptions} as they are read. */
type ResolvedOptions = Resolved<
  ReissueAgentOptions,
  { retry: RetryPolicy; bodies: BodyLimits; policyFor: PolicyFor | undefined }
>;

/** The options of {@link ReissueAgentOptions}. */
export const agentTable: OptionTable<ResolvedOptions> = {
  retry: {
    default: { ...defaultPolicy, maxAttempts: 1 },
    check: agentRetry,
    doc: "as the client's, but for `maxAttempts`, which is 1 here, and `attemptTimeoutMs`, which is refused: the timeouts of the client above hold. Conditions that speak of statuses or timeouts never apply, since the client is given every response",
    defaultDoc: "see [above](#retry)",
  },
  idleMs: numberOption(
    4000,
    { min: 1, max: 600_000 },
    "how long a connection may stay idle; a server's `Keep-Alive` hint (less 1 s) and what was learned only lower it",
  ),
  unsafeIdleMs: durationOption(
    1000,
    "how long a connection may have been idle and still carry a request that must not be sent again",
  ),
  bodies: bodyLimitsOption(
    "how much of one request is kept from when it is sent to the first byte of its response; what is longer is sent, and not sent again",
    "the same for all requests of the agent together",
  ),
  policyFor: {
    default: undefined,
    check: checkPolicyFor,
    doc: "`(request, options) => retry options or undefined`, for one request; naming conditions in `retryOn` opts it in. Called where the method is not idempotent before the request is sent, once more when its headers are complete if it did not opt in, and else after a failure. What it throws is the request's error",
    defaultDoc: "none",
  },
  clock: clockOption,
};

/**
 * Checks what an agent is given in its field `reissue`, and fills in the defaults.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function agentConfig(options: ReissueAgentOptions = {}): AgentConfig {
  checkKeys(options, "reissue", optionNames(agentTable));
  const { retry, bodies, ...rest } = readOptions(
    agentTable,
    options,
    optionDefaults(agentTable),
    "reissue",
  );
  return { policy: retry, ...bodies, ...rest };
}

/**
 * Refuses options of ours that stand beside those of http.Agent, which ignores what it does not know.
 *
 * @throws {@link OptionError}
 */
export function refuseMisplaced(options: object): void {
  const name = optionNames(agentTable).find((each) => each in options);
  if (name === undefined) return;
  throw new OptionError(name, `belongs in the field reissue: { reissue: { ${name} } }`);
}

function agentRetry(value: unknown, path: string, base: RetryPolicy): RetryPolicy {
  refuseAttemptTimeout(value, path);
  return retryPolicy(value as RetryOptions, base, path);
}

function checkPolicyFor(value: unknown, path: string): PolicyFor {
  if (typeof value === "function") return value as PolicyFor;
  throw new OptionError(path, "must be a function");
}

/**
 * Checks what `policyFor` returned for one request, and fills in what holds for the agent.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function requestPolicy(own: RequestRetryOptions, base: RetryPolicy): RetryPolicy {
  const path = "reissue.policyFor()";
  if (types.isPromise(own)) {
    // Whatever becomes of it, the request has failed.
    own.catch(() => {});
    throw new OptionError(path, "must return options at once, got a promise");
  }
  refuseAttemptTimeout(own, path);
  return callRetryPolicy(own, base, path);
}

/**
 * Refuses the one retry option of the client's that means nothing here.
 *
 * @throws {@link OptionError}
 */
function refuseAttemptTimeout(retry: unknown, path: string): void {
  if (typeof retry !== "object" || retry === null || !("attemptTimeoutMs" in retry)) return;
  throw new OptionError(
    `${path}.attemptTimeoutMs`,
    "is not an option of an agent: the timeouts of the client above it hold",
  );
}
