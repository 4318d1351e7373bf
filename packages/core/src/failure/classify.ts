import { abortReasonOf, causesOf, membersOf, VisitLimit } from "./causes.ts";
import { withEvidence } from "./evidence.ts";
import type { Delivery, Evidence, Failure } from "./failure.ts";
import { chosenResponse } from "./rules/http-error.ts";
import { isObject, readErrorInfo, type ErrorInfo } from "./error-info.ts";
import { matchError } from "./rules/match.ts";
import { ownFailure } from "./rules/own-failure.ts";
import { failureOf, failureSpecs } from "./failure-spec.ts";
import { throughWrapper } from "./wrapper.ts";

/**
 * Classifies a thrown value: what went wrong with a request to an upstream, where, and whether the request may have
 * been processed.
 *
 * Accepts any value, and never throws. Anything but a transport failure has the kind `unknown`. Of several possible
 * meanings the weakest is assumed, never `unsent`; `evidence` decides between them.
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
  const classified = classifyChain(error, new VisitLimit());
  return withEvidence(classified?.failure ?? failureOf(failureSpecs.unknown, null), evidence);
}

/** Classification of an error and everything that it wraps. */
interface Classification {
  readonly failure: Failure;
  /** Whether the errors around this one have nothing to add. */
  readonly final: boolean;
}

/** Null when neither the value nor anything it wraps is a transport failure. */
function classifyChain(error: unknown, limit: VisitLimit): Classification | null {
  if (!isObject(error) || !limit.enter()) return null;
  const carried = ownFailure(error);
  if (carried !== null) return { failure: carried, final: true };
  const info = readErrorInfo(error);
  const chosen = chosenResponse(info);
  if (chosen !== null) return { failure: chosen, final: true };
  const own = matchError(info);
  if (own?.overCause === true) return { failure: own.failure, final: true };

  const members = membersOf(error).map((member) => classifyChain(member, limit));
  const inner = weakest(members) ?? classifyCauses(info, limit);
  if (own?.failure.kind === "aborted") return classifyAbort(own.failure, inner);
  if (inner?.final === true) return inner;
  // The innermost error is the most specific; around errors that are no transport failures, a code proves nothing.
  const failure =
    inner?.failure ?? (members.length > 0 ? doubted(own?.failure) : own?.failure) ?? null;
  return failure === null ? null : { failure: throughWrapper(info, failure), final: false };
}

function classifyCauses(info: ErrorInfo, limit: VisitLimit): Classification | null {
  for (const cause of [...causesOf(info.error), abortReasonOf(info.error)]) {
    const classified = classifyChain(cause, limit);
    if (classified !== null) return classified;
  }
  return null;
}

/**
 * The cause of an abort is the caller's reason; it is a result only if it was a timeout, or the failure of an upstream.
 */
function classifyAbort(abort: Failure, reason: Classification | null): Classification {
  const { kind } = reason?.failure ?? abort;
  const isResult = kind === "timeout" || (reason?.final === true && kind !== "unknown");
  return reason !== null && isResult ? reason : { failure: abort, final: false };
}

function doubted(failure: Failure | undefined): Failure | undefined {
  return failure?.delivery === "unsent" ? { ...failure, delivery: "unknown" } : failure;
}

const fromWeakest: readonly Delivery[] = ["delivered", "unknown", "stale", "unsent"];

/** Weakest of several errors that all happened; null when one of them is no transport failure. */
function weakest(classifications: readonly (Classification | null)[]): Classification | null {
  const known = classifications.filter((classified) => classified !== null);
  if (known.length < classifications.length) return null;
  return known.toSorted((one, other) => rank(one) - rank(other))[0] ?? null;
}

function rank(classified: Classification): number {
  return fromWeakest.indexOf(classified.failure.delivery);
}
