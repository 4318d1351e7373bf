import {
  decide,
  type Decision,
  type Outcome,
  type RequestFacts,
  type RetryState,
} from "./decide.ts";
import {
  events,
  firstFailure,
  get,
  limits,
  requests,
  type DecisionEvent,
} from "./decision-examples.ts";
import type { RetryPolicy } from "./policy.ts";
import { defaultPolicy } from "./retry-options.ts";

/** Decision as the table has it. */
export interface DecisionCell {
  /** Decision with the shortest delay that the jitter allows. */
  readonly decision: Decision;
  /** Longest delay that the jitter allows, in ms; 0 for a decision not to resend. */
  readonly maxDelayMs: number;
  /** The decision in words, as Markdown. */
  readonly text: string;
}

/** Row of the table: what happened, and the decision for each group of requests. */
export interface DecisionRow {
  readonly delivery: DecisionEvent["delivery"];
  /** What happened, as Markdown. */
  readonly what: string;
  readonly body: "any" | "replayable" | "not replayable";
  readonly cells: readonly DecisionCell[];
}

/** Row of the limits, for an idempotent request with a replayable body. */
export interface DecisionLimit {
  /** Circumstance that decides, as Markdown. */
  readonly when: string;
  readonly delivery: DecisionEvent["delivery"];
  readonly what: string;
  readonly cell: DecisionCell;
}

/** Requests with the same decision for every event: a column of the table. */
export interface RequestGroup {
  readonly label: string;
  /** Combinations of what decides; GET stands for the idempotent methods, POST for the others. */
  readonly members: readonly RequestFacts[];
}

/** Decisions of {@link decide} under the default policy: those after a call's first failure, and its limits. */
export interface DecisionRows {
  readonly groups: readonly RequestGroup[];
  readonly rows: readonly DecisionRow[];
  readonly limits: readonly DecisionLimit[];
}

const bools = [true, false];

/**
 * Computes the table of decisions from {@link decide} itself, so that it cannot drift from the code: for the printed page,
 * and for programs that show it.
 */
export function decisionRows(): DecisionRows {
  const groups = requestGroups();
  return { groups, rows: eventRows(groups), limits: limitRows() };
}

/** Groups requests with the same decision for every event. */
function requestGroups(): RequestGroup[] {
  const groups = new Map<string, RequestFacts[]>();
  for (const request of requests) {
    const key = JSON.stringify(events.map((event) => eventCells(event, [request])));
    groups.set(key, [...(groups.get(key) ?? []), request]);
  }
  return [...groups.values()].map((members) => ({ label: label(members), members }));
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
function eventRows(groups: readonly RequestGroup[]): DecisionRow[] {
  const examples = groups.map(({ members }) => members[0] ?? get);
  const rows = new Map<string, { event: DecisionEvent; whats: string[] }>();
  for (const event of events) {
    const key = JSON.stringify([event.delivery, eventCells(event, examples)]);
    const row = rows.get(key) ?? { event, whats: [] };
    row.whats.push(event.what);
    rows.set(key, row);
  }
  return [...rows.values()].flatMap(({ event, whats }): DecisionRow[] => {
    const start = { delivery: event.delivery, what: whats.join(", ") };
    const [whole = [], gone = []] = eventCells(event, examples);
    if (JSON.stringify(whole) === JSON.stringify(gone)) {
      return [{ ...start, body: "any", cells: whole }];
    }
    return [
      { ...start, body: "replayable", cells: whole },
      { ...start, body: "not replayable", cells: gone },
    ];
  });
}

/** Decisions for each request, first with a replayable body, then without. */
function eventCells(
  { outcome }: DecisionEvent,
  examples: readonly RequestFacts[],
): DecisionCell[][] {
  return bools.map((replayable) =>
    examples.map((request) =>
      cell(outcome, { ...request, replayable }, defaultPolicy, firstFailure),
    ),
  );
}

function limitRows(): DecisionLimit[] {
  return limits.map(([when, { what, delivery, outcome }, state, changes]) => ({
    when,
    delivery,
    what,
    cell: cell(outcome, get, { ...defaultPolicy, ...changes }, { ...firstFailure, ...state }),
  }));
}

/** Decides, and renders the decision; the delay from its shortest to its longest. */
function cell(
  outcome: Outcome,
  request: RequestFacts,
  policy: RetryPolicy,
  state: RetryState,
): DecisionCell {
  const shortest = decide(outcome, request, policy, { ...state, random: 0 });
  const longest = decide(outcome, request, policy, { ...state, random: 1 - Number.EPSILON });
  if (shortest.action === "give-up" || longest.action === "give-up") {
    return { decision: shortest, maxDelayMs: 0, text: `give up: \`${shortest.reason}\`` };
  }
  const [shortestMs, longestMs] = [Math.round(shortest.delayMs), Math.round(longest.delayMs)];
  const range =
    shortestMs === longestMs ? `after ${longestMs} ms` : `after ${shortestMs} to ${longestMs} ms`;
  const wait = longestMs === 0 ? "at once" : range;
  const text = `**resend** ${wait}, ${shortest.connection} connection: \`${shortest.reason}\``;
  return { decision: shortest, maxDelayMs: longestMs, text };
}
