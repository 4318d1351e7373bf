import { isIdempotentMethod, type Decision, type Outcome, type RequestFacts } from "@reissue/core";
import type { DecisionCell, DecisionRows } from "@reissue/core/internal";

/** Place of a decision in the table: a row and a column of the first failures, or a row of the limits. */
export type LitCell =
  | { readonly part: "rows"; readonly row: number; readonly column: number }
  | { readonly part: "limits"; readonly row: number };

/** Decision, and what it was made on. */
export interface MadeDecision {
  readonly request: RequestFacts;
  readonly outcome: Outcome;
  readonly decision: Decision;
}

/**
 * Finds the cell of the decision table that a decision comes from.
 *
 * @returns null for a decision that the table has no row for
 */
export function litCell(table: DecisionRows, made: MadeDecision): LitCell | null {
  const { request, outcome, decision } = made;
  const delivery = outcome.type === "answer" ? "responded" : outcome.failure.delivery;
  const column = table.groups.findIndex(({ members }) =>
    members.some((member) => isAlike(member, request)),
  );
  const row = table.rows.findIndex(
    ({ delivery: at, body, cells }) =>
      at === delivery &&
      (body === "any" || (body === "replayable") === request.replayable) &&
      fits(cells[column], decision),
  );
  if (row !== -1) return { part: "rows", row, column };
  const limit = table.limits.findIndex(
    ({ delivery: at, cell }) => at === delivery && fits(cell, decision),
  );
  return limit === -1 ? null : { part: "limits", row: limit };
}

/** Whether two requests are of one group, apart from their bodies. */
function isAlike(member: RequestFacts, request: RequestFacts): boolean {
  return (
    isIdempotentMethod(member.method) === isIdempotentMethod(request.method) &&
    member.keyed === request.keyed &&
    member.optedIn === request.optedIn
  );
}

/** Whether a cell allows a decision; its delay is drawn anew for each. */
function fits(cell: DecisionCell | undefined, made: Decision): boolean {
  if (cell === undefined) return false;
  const { decision, maxDelayMs } = cell;
  if (decision.reason !== made.reason) return false;
  if (made.action === "give-up" || decision.action === "give-up") {
    return made.action === decision.action;
  }
  const isInTime = made.delayMs >= decision.delayMs && made.delayMs <= maxDelayMs;
  return isInTime && decision.connection === made.connection;
}
