import { abortReasonOf, causesOf, membersOf, VisitLimit } from "./causes.ts";
import { withEvidence } from "./evidence.ts";
import type { Delivery, Evidence, Failure } from "./failure.ts";
import { chosenAnswer } from "./rules/http-error.ts";
import { isObject, readErrorInfo, type ErrorInfo } from "./error-info.ts";
import { matchLink } from "./rules/match.ts";
import { ownFailure } from "./rules/own-failure.ts";
import { failureOf, failureSpecs } from "./failure-spec.ts";
import { throughWrapper } from "./wrapper.ts";

/**
 * Tells what a thrown value says about a request to an upstream: what went wrong, where, and whether it may have been
 * processed.
 *
 * Any value at all gets an answer and nothing throws. What is no transport failure has the kind `unknown`. Where an
 * error could mean several things the answer is the weakest, never `unsent`; `evidence` settles it.
 *
 * @example
 * ```ts
 * try {
 *   await fetch("http://orders:3000/orders/42");
 * } catch (error) {
 *   const failure = classify(error); // { kind: "refused", delivery: "unsent", status: 502, … }
 * }
 * ```
 */
export function classify(error: unknown, evidence: Evidence = {}): Failure {
  const judged = classifyChain(error, new VisitLimit());
  return withEvidence(judged?.failure ?? failureOf(failureSpecs.unknown, null), evidence);
}

/** What an error and all that it wraps say together. */
interface Judgement {
  readonly failure: Failure;
  /** Whether the errors around it have nothing to add. */
  readonly final: boolean;
}

/** Null when neither the value nor what it wraps says anything about a transport. */
function classifyChain(error: unknown, trail: VisitLimit): Judgement | null {
  if (!isObject(error) || !trail.enter()) return null;
  const carried = ownFailure(error);
  if (carried !== null) return { failure: carried, final: true };
  const link = readErrorInfo(error);
  const chosen = chosenAnswer(link);
  if (chosen !== null) return { failure: chosen, final: true };
  const own = matchLink(link);
  if (own?.overCause === true) return { failure: own.failure, final: true };

  const members = membersOf(error).map((member) => classifyChain(member, trail));
  const inner = weakest(members) ?? judgeCauses(link, trail);
  if (own?.failure.kind === "aborted") return judgeAbort(own.failure, inner);
  if (inner?.final === true) return inner;
  // The innermost error knows best; around some that are no transport failures, a code proves nothing.
  const failure =
    inner?.failure ?? (members.length > 0 ? doubted(own?.failure) : own?.failure) ?? null;
  return failure === null ? null : { failure: throughWrapper(link, failure), final: false };
}

function judgeCauses(link: ErrorInfo, trail: VisitLimit): Judgement | null {
  for (const cause of [...causesOf(link.error), abortReasonOf(link.error)]) {
    const judged = classifyChain(cause, trail);
    if (judged !== null) return judged;
  }
  return null;
}

/** An abort's cause is why the caller aborted; it is news only if that was a timer, or the failure of an upstream. */
function judgeAbort(abort: Failure, reason: Judgement | null): Judgement {
  const { kind } = reason?.failure ?? abort;
  const told = kind === "timeout" || (reason?.final === true && kind !== "unknown");
  return reason !== null && told ? reason : { failure: abort, final: false };
}

function doubted(failure: Failure | undefined): Failure | undefined {
  return failure?.delivery === "unsent" ? { ...failure, delivery: "unknown" } : failure;
}

const fromWeakest: readonly Delivery[] = ["delivered", "unknown", "stale", "unsent"];

/** Of errors that all happened the one that promises least; null when one of them is no transport failure. */
function weakest(judgements: readonly (Judgement | null)[]): Judgement | null {
  const known = judgements.filter((judged) => judged !== null);
  if (known.length < judgements.length) return null;
  return known.toSorted((one, other) => rank(one) - rank(other))[0] ?? null;
}

function rank(judged: Judgement): number {
  return fromWeakest.indexOf(judged.failure.delivery);
}
