import {
  decide,
  defaultPolicy,
  type Decision,
  type Failure,
  type Outcome,
  type RequestFacts,
} from "@reissue/core";

/** Whether requests of one sort may be sent again, decided by the function that Reissue decides with. */
export interface ResendRow {
  readonly requests: string;
  readonly resend: boolean;
  /** In words; the reason is the decision's own. */
  readonly text: string;
  readonly reason: Decision["reason"];
}

const requests: readonly (readonly [name: string, facts: RequestFacts])[] = [
  ["GET, HEAD, PUT, DELETE …", facts("GET", false)],
  ["POST, PATCH", facts("POST", false)],
  ["with Idempotency-Key, opted in", facts("POST", true)],
];

/** Words of the reasons that say all by themselves; the others do not occur, or depend on what happened. */
const reasons: Partial<Record<Decision["reason"], string>> = {
  "not-retry-safe": "no: it may have been processed",
  "response-started": "no: a part of the response may have been used",
  aborted: "no: the caller has given up",
};

/** The first failure of a call, with nothing spent. */
const fresh = {
  attempts: 1,
  staleResends: 0,
  unsentResends: 0,
  unsentSinceMs: null,
  nowMs: 0,
  deadlineMs: defaultPolicy.totalTimeoutMs,
  budgetLeft: true,
  staleBudgetLeft: true,
  aborted: false,
  random: 0.5,
};

/** The table for a failure. */
export function failureRows(failure: Failure): readonly ResendRow[] {
  return rows({ type: "failure", failure });
}

/** The table for a response. */
export function statusRows(status: number): readonly ResendRow[] {
  return rows({ type: "answer", status, retryAfterMs: null });
}

function rows(outcome: Outcome): readonly ResendRow[] {
  return requests.map(([name, facts]) => {
    const decision = decide(outcome, facts, defaultPolicy, fresh);
    return {
      requests: name,
      resend: decision.action === "resend",
      text: wordsOf(decision, outcome),
      reason: decision.reason,
    };
  });
}

function wordsOf(decision: Decision, outcome: Outcome): string {
  if (decision.action === "resend") {
    const when = decision.delayMs === 0 ? "at once" : "after a back-off";
    const where = decision.connection === "fresh" ? ", on a fresh connection" : "";
    return `yes, ${when}${where}`;
  }
  return reasons[decision.reason] ?? unlistedWords(outcome);
}

function unlistedWords(outcome: Outcome): string {
  if (outcome.type === "answer") return "no: it is a response; retryOn can list its status";
  const { kind, transient } = outcome.failure;
  if (kind === "timeout") return "only if retryOn lists timeout: it makes a slow server slower";
  return transient ? "no" : "no: it would fail in the same way";
}

function facts(method: string, keyed: boolean): RequestFacts {
  return { method, keyed, optedIn: false, replayable: true };
}
