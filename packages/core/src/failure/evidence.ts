import type { Delivery, Evidence, Failure, FailureKind, Phase } from "./failure.ts";
import { failureOf, isBeforeRequest, type FailureSpec } from "./failure-spec.ts";
import { isStaleDeath } from "./stale-window.ts";

/**
 * Corrects a classification by the sender's evidence: facts of the connection outweigh the wording of an error.
 *
 * Order, from the strongest: `aborted` before `timedOut` for the kind (no caller is left); `phase` before every guess;
 * `written: false` before everything for the delivery.
 */
export function withEvidence(failure: Failure, evidence: Evidence): Failure {
  const kind = kindOf(failure, evidence);
  const phase = phaseOf(failure.phase, kind, evidence);
  const corrected = reshape(failure, inPhase(kind, phase), phase);
  return { ...corrected, delivery: deliveryOf(corrected, evidence) };
}

function kindOf(failure: Failure, evidence: Evidence): FailureKind {
  if (evidence.aborted === true) return "aborted";
  if (evidence.timedOut === true) return "timeout";
  return failure.kind;
}

/** A dying connection is a reset before the response begins, and an incomplete response after. */
function inPhase(kind: FailureKind, phase: Phase): FailureKind {
  if (kind === "reset" && phase === "response-body") return "incomplete";
  if (kind === "incomplete" && phase !== "response-body") return "reset";
  return kind;
}

function phaseOf(guess: Phase, kind: FailureKind, evidence: Evidence): Phase {
  if (evidence.phase !== undefined && evidence.phase !== "unknown") return evidence.phase;
  if (isBeforeRequest(guess) || kind === "unknown") return guess;
  // A request that was never handed to a socket can only have waited for a connection.
  if (evidence.written === false) return "pool";
  if (evidence.delivered === true) return "response-body";
  const written = kind === "reset" || kind === "incomplete" ? "request" : "response-headers";
  if (evidence.responseStarted === false && guess === "response-body") return written;
  const early = guess === "request" || guess === "unknown";
  if (evidence.responseStarted === true && early) return "response-headers";
  return kind === "timeout" && early ? "response-headers" : guess;
}

/** Changes the kind or the phase of a failure; what the error said beyond its kind stays with the kind. */
function reshape(failure: Failure, kind: FailureKind, phase: Phase): Failure {
  if (kind === failure.kind && phase === failure.phase) return failure;
  if (kind !== failure.kind) {
    const renamed = failureOf({ kind, phase }, failure.code);
    // Doubt about the phase remains.
    const doubted = phase === failure.phase && failure.delivery !== "unsent";
    return doubted && renamed.delivery === "unsent" ? { ...renamed, delivery: "unknown" } : renamed;
  }
  const spec: FailureSpec = { kind, phase, transient: failure.transient };
  const moved = failureOf(spec, failure.code);
  return kind === "timeout" ? moved : { ...moved, token: failure.token };
}

function deliveryOf(failure: Failure, evidence: Evidence): Delivery {
  if (evidence.written === false) return "unsent";
  if (evidence.delivered === true) return "delivered";
  if (failure.delivery === "unsent") return staysUnsent(failure, evidence) ? "unsent" : "unknown";
  if (failure.kind === "reset" && isStaleDeath(evidence)) return "stale";
  if (failure.delivery === "delivered" && evidence.delivered === false) return "unknown";
  return failure.delivery;
}

/** Whether no evidence contradicts `unsent`; a refused stream was written, and is `unsent` all the same. */
function staysUnsent(failure: Failure, evidence: Evidence): boolean {
  if (evidence.responseStarted === true) return false;
  return evidence.written !== true || failure.kind === "refused-stream";
}
