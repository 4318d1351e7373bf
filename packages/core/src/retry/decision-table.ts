import type { GiveUpReason, ResendReason } from "./decide.ts";
import { decisionRows } from "./decision-rows.ts";
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

/**
 * Renders the decisions of {@link decide} under the default policy, as a Markdown page.
 *
 * Every cell is computed by the function itself, so the page cannot drift from the code.
 */
export function decisionTable(): string {
  const { groups, rows, limits } = decisionRows();
  const { maxAttempts, backOff, retryOn } = defaultPolicy;
  return `# When a request is resent

<!-- Written by scripts/decision-table.js from the function that decides. Do not edit. -->

This is the whole of \`decide()\` under the default policy: ${maxAttempts} attempts, back-off with full jitter
(${backOff.baseMs} ms · 2ⁿ, at most ${backOff.capMs} ms), \`retryOn\` ${retryOn.map(code).join(", ")}.
The main rule: never resend a request that may have been processed, unless a second processing is known to do no harm.

The idempotent methods are GET, HEAD, OPTIONS, TRACE, PUT, DELETE and QUERY. A request is opted in if its route or call
has its own \`retryOn\`. A body is replayable if it can be sent completely once more: none, one in memory, or a
stream that has been recorded so far. A fresh connection has not carried a request.

## The first failure of a call

${table(
  ["Delivery", "What happened", "Body", ...groups.map(({ label }) => label)],
  rows.map(({ delivery, what, body, cells }) => [
    code(delivery),
    what,
    body,
    ...cells.map(({ text }) => text),
  ]),
)}

## Limits

For an idempotent request with a replayable body, where not only the failure decides.

${table(
  ["When", "What happened", "Decision"],
  limits.map(({ when, delivery, what, cell }) => [when, `${code(delivery)}: ${what}`, cell.text]),
)}

## Reasons

${table(
  ["Reason", "Meaning"],
  Object.entries(reasonText).map(([reason, text]) => [code(reason), text]),
)}
`;
}

function code(text: string | number): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
