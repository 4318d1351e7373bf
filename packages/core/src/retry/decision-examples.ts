import type { Failure } from "../failure/failure.ts";
import type { Outcome, RequestFacts, RetryState } from "./decide.ts";
import type { RetryPolicy } from "./policy.ts";
import { defaultPolicy } from "./retry-options.ts";

/** Failure or response that a request may meet, with an example of it. */
export interface DecisionEvent {
  readonly delivery: Failure["delivery"] | "responded";
  /** In words, as Markdown. */
  readonly what: string;
  readonly outcome: Outcome;
}

const reset: Failure = {
  kind: "reset",
  phase: "request",
  delivery: "unknown",
  status: 502,
  token: "connection_terminated",
  transient: true,
  code: "ECONNRESET",
};

function failed(what: string, changes: Partial<Failure>): DecisionEvent {
  const failure = { ...reset, ...changes };
  return { delivery: failure.delivery, what, outcome: { type: "failure", failure } };
}

function responded(
  what: string,
  status: number,
  retryAfterMs: number | null = null,
): DecisionEvent {
  return { delivery: "responded", what, outcome: { type: "answer", status, retryAfterMs } };
}

const refused = failed("connect refused", {
  delivery: "unsent",
  kind: "refused",
  phase: "connect",
});
const diedInPool = failed("a pooled socket died before the write", {
  delivery: "unsent",
  phase: "pool",
});
const stale = failed("a reused connection died right after the write", { delivery: "stale" });
const unknown = failed("a connection died later or was fresh, or the response was cut", {});
const timedOut = failed("timeout", { kind: "timeout", phase: "response-headers" });
const limited = responded("429 with `Retry-After: 1`", 429, 1000);

/** Everything that a first attempt can end with. */
export const events: readonly DecisionEvent[] = [
  diedInPool,
  refused,
  failed("connect reset", { delivery: "unsent", phase: "connect" }),
  failed("connect timed out", { delivery: "unsent", kind: "timeout", phase: "connect" }),
  failed("no connection in a full pool", { delivery: "unsent", kind: "pool", phase: "pool" }),
  failed("stream refused", { delivery: "unsent", kind: "refused-stream" }),
  failed("unknown host", { delivery: "unsent", kind: "dns", phase: "dns", transient: false }),
  failed("bad certificate", {
    delivery: "unsent",
    kind: "certificate",
    phase: "tls",
    transient: false,
  }),
  stale,
  failed("a 408 for an idle connection crossed the request", { delivery: "stale" }),
  unknown,
  timedOut,
  failed("not HTTP", { kind: "protocol", phase: "response-headers", transient: false }),
  failed("the response was cut after the caller had a part of it", {
    delivery: "delivered",
    phase: "response-body",
  }),
  ...[502, 503, 504, 429].map((status) => responded(String(status), status)),
  limited,
  responded("503 with `Retry-After: 1`", 503, 1000),
  responded("any other status", 500),
];

const { maxAttempts, unsentWindowMs, totalTimeoutMs } = defaultPolicy;

/** State of a call whose first attempt has failed. */
export const firstFailure: RetryState = {
  attempts: 1,
  staleResends: 0,
  unsentResends: 0,
  unsentSinceMs: null,
  nowMs: 0,
  deadlineMs: totalTimeoutMs,
  budgetLeft: true,
  staleBudgetLeft: true,
  aborted: false,
  random: 0,
};

/** Request that may be sent again. */
export const get: RequestFacts = { method: "GET", keyed: false, optedIn: false, replayable: true };
const bools = [true, false];
/** Requests with every combination of what decides, apart from the body. */
export const requests: readonly RequestFacts[] = ["GET", "POST"].flatMap((method) =>
  bools.flatMap((keyed) => bools.map((optedIn) => ({ ...get, method, keyed, optedIn }))),
);

/** Other limits, each on an idempotent request with a replayable body. */
export const limits: readonly [
  string,
  DecisionEvent,
  Partial<RetryState>,
  Partial<RetryPolicy>?,
][] = [
  ["the call's second stale socket", stale, { staleResends: 1 }],
  ["attempt 2 failed", unknown, { attempts: 2 }],
  [`attempt ${maxAttempts} failed`, unknown, { attempts: maxAttempts }],
  ["no token in the origin's budget", unknown, { budgetLeft: false }],
  ["no token in the origin's cap on stale resends", stale, { staleBudgetLeft: false }],
  ["the call's second unsent failure", diedInPool, { unsentResends: 1, unsentSinceMs: 0 }],
  [
    `unsent for ${unsentWindowMs} ms`,
    refused,
    { unsentResends: 6, unsentSinceMs: -unsentWindowMs },
  ],
  [
    "waited in the queue for longer than that",
    failed("no connection came free", { delivery: "unsent", kind: "timeout", phase: "pool" }),
    { unsentSinceMs: -15_000 },
  ],
  ["`retryOn` lists `timeout`", timedOut, {}, { retryOn: ["timeout"] }],
  ["0.5 s left before the deadline", limited, { deadlineMs: 500 }],
  ["the deadline has passed", stale, { deadlineMs: 0 }],
  ["the caller has aborted", stale, { aborted: true }],
];
