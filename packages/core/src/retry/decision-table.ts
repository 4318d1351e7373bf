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

/** Every reason of a decision in one sentence; the type makes a new reason ask for its own. */
export const reasonText: Readonly<Record<ResendReason | GiveUpReason, string>> = {
  unsent: "The request provably never reached the application, so any method may be sent again.",
  "stale-socket":
    "A connection that had served before died within about a round trip of the write, before any byte of the response: almost surely the race of keep-alive.",
  reset:
    "The connection failed after the request was written, and a second processing does no harm.",
  timeout: "The attempt took too long, `timeout` is listed, and a second processing does no harm.",
  status:
    "The upstream answered with a status that is listed, and a second processing does no harm.",
  "not-retry-safe":
    "It may have been processed, its method is not idempotent, and neither a key nor its route or call says that a second processing does no harm.",
  "body-not-replayable":
    "The body was a stream of which something is gone, so it cannot be sent whole once more.",
  "response-started": "The caller has been given headers or bytes of the response.",
  "condition-not-listed":
    "`retryOn` does not list what happened, or it is nothing that a second try could cure.",
  "attempts-exhausted":
    "`maxAttempts` have been made, or a request that never left has been tried for `unsentWindowMs`.",
  "queue-timeout":
    "No connection came free while it waited in line, for `attemptTimeoutMs`, and the `unsentWindowMs` that it may be tried again for are over.",
  "budget-exhausted":
    "The origin has no token left: it is failing too often for more load to help.",
  "deadline-exceeded":
    "The deadline has passed, or would while waiting out the back-off or Retry-After.",
  aborted: "The caller has aborted the call.",
};

interface Event {
  readonly delivery: Failure["delivery"] | "answered";
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

function answered(what: string, status: number, retryAfterMs: number | null = null): Event {
  return { delivery: "answered", what, outcome: { type: "answer", status, retryAfterMs } };
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
const stale = failed("a used connection died right after the write", { delivery: "stale" });
const unknown = failed("a connection died later or was fresh, or the response was cut", {});
const timedOut = failed("timeout", { kind: "timeout", phase: "response-headers" });
const limited = answered("429 with `Retry-After: 1`", 429, 1000);

const events: readonly Event[] = [
  diedInPool,
  refused,
  failed("connect reset", { delivery: "unsent", phase: "connect" }),
  failed("connect timed out", { delivery: "unsent", kind: "timeout", phase: "connect" }),
  failed("no connection of a full pool", { delivery: "unsent", kind: "pool", phase: "pool" }),
  failed("stream refused", { delivery: "unsent", kind: "refused-stream" }),
  failed("unknown host", { delivery: "unsent", kind: "dns", phase: "dns", transient: false }),
  failed("bad certificate", {
    delivery: "unsent",
    kind: "certificate",
    phase: "tls",
    transient: false,
  }),
  stale,
  failed("an idle connection's own 408 crossed the request", { delivery: "stale" }),
  unknown,
  timedOut,
  failed("not HTTP", { kind: "protocol", phase: "response-headers", transient: false }),
  failed("the answer was cut after the caller had a part of it", {
    delivery: "delivered",
    phase: "response-body",
  }),
  ...[502, 503, 504, 429].map((status) => answered(String(status), status)),
  limited,
  answered("503 with `Retry-After: 1`", 503, 1000),
  answered("any other status", 500),
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

/** What else decides, each on an idempotent request with a replayable body. */
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
    "waited in line for longer than that",
    failed("no connection came free", { delivery: "unsent", kind: "timeout", phase: "pool" }),
    { unsentSinceMs: -15_000 },
  ],
  ["`retryOn` lists `timeout`", timedOut, {}, { retryOn: ["timeout"] }],
  ["0.5 s are left before the deadline", limited, { deadlineMs: 500 }],
  ["the deadline has passed", stale, { deadlineMs: 0 }],
  ["the caller has aborted", stale, { aborted: true }],
];

/**
 * The decisions of {@link decide} under the default policy, as a Markdown page.
 *
 * Every cell is what the function itself says, so the page cannot drift from the code.
 */
export function decisionTable(): string {
  const columns = requestGroups();
  return `# When a request is sent again

<!-- Written by scripts/decision-table.js from the function that decides. Do not edit. -->

This is the whole of \`decide()\` under the default policy: ${maxAttempts} attempts, back-off with full jitter
(${backOff.baseMs} ms · 2ⁿ, at most ${backOff.capMs} ms), \`retryOn\` ${retryOn.map(code).join(", ")}.
The rule over all: never send twice what may have been done once, unless somebody who knows said that it is safe.

The idempotent methods are GET, HEAD, OPTIONS, TRACE, PUT, DELETE and QUERY. Opted in is a request whose route or call
has a \`retryOn\` of its own. A body is replayable if it can be sent whole once more: none at all, one in memory, or a
stream of which nothing is gone yet. A fresh connection is one that no request ever used.

## The first failure of a call

${table(["Delivery", "What happened", "Body", ...columns.map(({ label }) => label)], eventRows(columns))}

## Limits

The same for an idempotent request with a replayable body, when not only the failure decides.

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

/** Puts requests together that are decided upon alike, whatever happens to them. */
function requestGroups(): RequestGroup[] {
  const groups = new Map<string, RequestFacts[]>();
  for (const request of requests) {
    const key = JSON.stringify(events.map((event) => eventCells(event, [request])));
    groups.set(key, [...(groups.get(key) ?? []), request]);
  }
  return [...groups.values()].map((group) => ({ label: label(group), example: group[0] ?? get }));
}

/** Names a group by what its members have and no request outside it has; in full where that does not cover it. */
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

/** A row for each event and body; events of one delivery that are decided upon alike share theirs. */
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

/** What is decided for each request, first with a replayable body, then without. */
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

/** A decision in words; the delay from its shortest to its longest. */
function cell(
  outcome: Outcome,
  request: RequestFacts,
  policy: RetryPolicy,
  state: RetryState,
): string {
  const least = decide(outcome, request, policy, { ...state, random: 0 });
  const most = decide(outcome, request, policy, { ...state, random: 1 - Number.EPSILON });
  if (least.action === "give-up" || most.action === "give-up") {
    return `give up: ${code(least.reason)}`;
  }
  const [leastMs, mostMs] = [Math.round(least.delayMs), Math.round(most.delayMs)];
  const range = leastMs === mostMs ? `after ${mostMs} ms` : `after ${leastMs} to ${mostMs} ms`;
  const wait = mostMs === 0 ? "at once" : range;
  return `**resend** ${wait}, ${least.connection} connection: ${code(least.reason)}`;
}

function code(text: string | number): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
