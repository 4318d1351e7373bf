import type { Failure } from "../failure/failure.ts";
import {
  decide,
  type GiveUpReason,
  type Outcome,
  type RequestFacts,
  type ResendReason,
  type RetryState,
} from "./decide.ts";
import type { RetryPolicy } from "./policy.ts";
import { defaultPolicy } from "./retry-options.ts";

/** Every reason of a decision in one sentence; the type requires one for each new reason. */
export const reasonText: Readonly<Record<ResendReason | GiveUpReason, string>> = {
  unsent: "The request provably never reached the application, so any method may be resent.",
  "stale-socket":
    "A connection that had served before died within about a round trip of the write, before any byte of the response: almost certainly the keep-alive race.",
  reset:
    "The connection failed after the request was written, and a second processing does no harm.",
  timeout: "The attempt took too long, `timeout` is listed, and a second processing does no harm.",
  status: "The upstream responded with a listed status, and a second processing does no harm.",
  "not-retry-safe":
    "The request may have been processed, its method is not idempotent, and neither a key nor its route or call says that a second processing does no harm.",
  "body-not-replayable":
    "The body was a stream that has been read in part, so it cannot be sent completely once more.",
  "response-started": "The caller already has headers or bytes of the response.",
  "condition-not-listed":
    "`retryOn` does not list the failure or status, or a second try could not help.",
  "attempts-exhausted":
    "`maxAttempts` is reached, or an unsent request has been tried for `unsentWindowMs`.",
  "queue-timeout":
    "No connection became free within `attemptTimeoutMs`, and the `unsentWindowMs` for further tries are over.",
  "budget-exhausted": "The origin's budget is empty: it fails too often for more load to help.",
  "deadline-exceeded": "The deadline has passed, or would pass during the back-off or Retry-After.",
  aborted: "The caller has aborted the call.",
  unsupported:
    "An agent of node:http does not know the internals of this Node, and cannot move the request to another socket.",
};

interface Event {
  readonly delivery: Failure["delivery"] | "responded";
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

function failed(what: string, changes: Partial<Failure>): Event {
  const failure = { ...reset, ...changes };
  return { delivery: failure.delivery, what, outcome: { type: "failure", failure } };
}

function responded(what: string, status: number, retryAfterMs: number | null = null): Event {
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

const events: readonly Event[] = [
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

const { maxAttempts, unsentWindowMs, totalTimeoutMs, backOff, retryOn } = defaultPolicy;

const firstFailure: RetryState = {
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

const get: RequestFacts = { method: "GET", keyed: false, optedIn: false, replayable: true };
const bools = [true, false];
const requests: readonly RequestFacts[] = ["GET", "POST"].flatMap((method) =>
  bools.flatMap((keyed) => bools.map((optedIn) => ({ ...get, method, keyed, optedIn }))),
);

/** Other limits, each on an idempotent request with a replayable body. */
const limits: readonly [string, Event, Partial<RetryState>, Partial<RetryPolicy>?][] = [
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

/**
 * Renders the decisions of {@link decide} under the default policy, as a Markdown page.
 *
 * Every cell is computed by the function itself, so the page cannot drift from the code.
 */
export function decisionTable(): string {
  const columns = requestGroups();
  return `# When a request is resent

<!-- Written by scripts/decision-table.js from the function that decides. Do not edit. -->

This is the whole of \`decide()\` under the default policy: ${maxAttempts} attempts, back-off with full jitter
(${backOff.baseMs} ms · 2ⁿ, at most ${backOff.capMs} ms), \`retryOn\` ${retryOn.map(code).join(", ")}.
The main rule: never resend a request that may have been processed, unless a second processing is known to do no harm.

The idempotent methods are GET, HEAD, OPTIONS, TRACE, PUT, DELETE and QUERY. A request is opted in if its route or call
has its own \`retryOn\`. A body is replayable if it can be sent completely once more: none, one in memory, or a
stream that has been recorded so far. A fresh connection has not carried a request.

## The first failure of a call

${table(["Delivery", "What happened", "Body", ...columns.map(({ label }) => label)], eventRows(columns))}

## Limits

For an idempotent request with a replayable body, where not only the failure decides.

${table(["When", "What happened", "Decision"], limitRows())}

## Reasons

${table(
  ["Reason", "Meaning"],
  Object.entries(reasonText).map(([reason, text]) => [code(reason), text]),
)}
`;
}

interface RequestGroup {
  readonly label: string;
  readonly example: RequestFacts;
}

/** Groups requests with the same decision for every event. */
function requestGroups(): RequestGroup[] {
  const groups = new Map<string, RequestFacts[]>();
  for (const request of requests) {
    const key = JSON.stringify(events.map((event) => eventCells(event, [request])));
    groups.set(key, [...(groups.get(key) ?? []), request]);
  }
  return [...groups.values()].map((group) => ({ label: label(group), example: group[0] ?? get }));
}

/** Labels a group by the traits that only its members have; in full where those do not cover it. */
function label(group: readonly RequestFacts[]): string {
  const traits: [string, string, (request: RequestFacts) => boolean][] = [
    ["Idempotent method", "Other method", ({ method }) => method === "GET"],
    ["Idempotency-Key", "no Idempotency-Key", ({ keyed }) => keyed],
    ["opted in", "not opted in", ({ optedIn }) => optedIn],
  ];
  const own = traits.filter(([, , has]) =>
    requests.every((each) => !has(each) || group.includes(each)),
  );
  if (group.every((request) => own.some(([, , has]) => has(request)))) {
    return own.map(([name]) => name).join(", or ");
  }
  const full = (request: RequestFacts): string =>
    traits.map(([yes, no, has]) => (has(request) ? yes : no)).join(", ");
  return group.map(full).join("; or ");
}

/** Makes a row for each event and body; events of one delivery with the same decisions share a row. */
function eventRows(columns: readonly RequestGroup[]): string[][] {
  const examples = columns.map(({ example }) => example);
  const rows = new Map<string, { event: Event; whats: string[] }>();
  for (const event of events) {
    const key = JSON.stringify([event.delivery, eventCells(event, examples)]);
    const row = rows.get(key) ?? { event, whats: [] };
    row.whats.push(event.what);
    rows.set(key, row);
  }
  return [...rows.values()].flatMap(({ event, whats }) => {
    const start = [code(event.delivery), whats.join(", ")];
    const [whole, gone] = eventCells(event, examples);
    if (JSON.stringify(whole) === JSON.stringify(gone))
      return [[...start, "any", ...(whole ?? [])]];
    return [
      [...start, "replayable", ...(whole ?? [])],
      [...start, "not replayable", ...(gone ?? [])],
    ];
  });
}

/** Decisions for each request, first with a replayable body, then without. */
function eventCells({ outcome }: Event, examples: readonly RequestFacts[]): string[][] {
  return bools.map((replayable) =>
    examples.map((request) =>
      cell(outcome, { ...request, replayable }, defaultPolicy, firstFailure),
    ),
  );
}

function limitRows(): string[][] {
  return limits.map(([when, { what, delivery, outcome }, state, changes]) => [
    when,
    `${code(delivery)}: ${what}`,
    cell(outcome, get, { ...defaultPolicy, ...changes }, { ...firstFailure, ...state }),
  ]);
}

/** Renders a decision; the delay from its shortest to its longest. */
function cell(
  outcome: Outcome,
  request: RequestFacts,
  policy: RetryPolicy,
  state: RetryState,
): string {
  const shortest = decide(outcome, request, policy, { ...state, random: 0 });
  const longest = decide(outcome, request, policy, { ...state, random: 1 - Number.EPSILON });
  if (shortest.action === "give-up" || longest.action === "give-up") {
    return `give up: ${code(shortest.reason)}`;
  }
  const [shortestMs, longestMs] = [Math.round(shortest.delayMs), Math.round(longest.delayMs)];
  const range =
    shortestMs === longestMs ? `after ${longestMs} ms` : `after ${shortestMs} to ${longestMs} ms`;
  const wait = longestMs === 0 ? "at once" : range;
  return `**resend** ${wait}, ${shortest.connection} connection: ${code(shortest.reason)}`;
}

function code(text: string | number): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
