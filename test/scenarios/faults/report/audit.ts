import type { Delivery, Failure } from "@reissue/core";
import { headerValue, type ReceivedRequest } from "@reissue/testing";
import { UpstreamError } from "@reissue/upstream";

import type { Call } from "../trial/nth-call.ts";
import type { Outcome } from "../trial/send-call.ts";
import type { Trial } from "../trial/run-trial.ts";

/**
 * Checks what must hold for every call under every fault.
 *
 * @throws Error that names the first call for which it does not; plain, since `expect` costs as much as the calls.
 */
export function audit(trial: Trial): void {
  const sends = sendsOf(trial.received);
  for (const outcome of trial.outcomes) {
    const { call, error } = outcome;
    const check = checker(`${call.kind.name}, number ${call.number}`, outcome);
    if (error === null) auditAnswer(trial, outcome, check);
    else auditError(trial, upstreamError(error), check);
    const received = sends.get(call.id) ?? [];
    for (const send of received) auditSend(call, send, check);
    auditCount(trial, outcome, received, check);
  }
}

/** The UpstreamError that an error is, or that is behind it: fetch wraps what it throws while a body is read. */
export function upstreamError(error: unknown): UpstreamError {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof UpstreamError) return at;
  }
  throw new Error("no UpstreamError behind it", { cause: error });
}

type Check = (holds: boolean, otherwise: string) => void;

function checker(name: string, { error, answer }: Outcome): Check {
  return (holds, otherwise) => {
    if (holds) return;
    const answered = answer === null ? "" : `; answered ${answer.slice(0, 100)}`;
    throw new Error(`${name}: ${otherwise}${answered}`, { cause: error });
  };
}

function auditAnswer(trial: Trial, { call, answer }: Outcome, check: Check): void {
  check(answer === `200 ${trial.answerTo(call)}`, "got the wrong answer");
  check((trial.effects.get(call.id) ?? 0) > 0, "was answered without being done");
}

function auditError(trial: Trial, error: UpstreamError, check: Check): void {
  const { attempts, delivery, origin } = error;
  check(origin === trial.origin, "names another origin");
  check(attempts.length > 0, "failed without an attempt");
  const deliveries = attempts.map(({ failure }) => failure?.delivery ?? "unknown");
  check(delivery === weakest(deliveries), "says more of its fate than its attempts do");
  let startedAtMs = 0;
  let number = 1;
  for (const attempt of attempts) {
    const { reused, idleMs, failure } = attempt;
    check(attempt.attempt === number, "numbers its attempts wrongly");
    // Unsent attempts that failed alike share a record.
    number += 1 + attempt.repeats;
    check(attempt.startedAtMs >= startedAtMs, "has attempts out of order");
    startedAtMs = attempt.startedAtMs;
    check(attempt.durationMs >= 0, "has an attempt that took less than no time");
    check(attempt.error instanceof Error, "has an attempt without an error");
    check(failure !== null && failure.kind !== "unknown", "has an attempt without a failure");
    check((reused === null) === (failure?.delivery === "unsent"), "is unsent, yet was written");
    check(reused === null || (idleMs !== null) === reused, "is reused without an idle age, or not");
    check((idleMs ?? 0) >= 0, "was idle for less than no time");
    check(failure?.delivery !== "stale" || reused === true, "is stale on a fresh connection");
    check(attempt.status === null || responded(failure), "has a status without an answer");
  }
}

function responded(failure: Failure | null): boolean {
  return failure?.phase === "response-headers" || failure?.phase === "response-body";
}

function weakest(deliveries: readonly Delivery[]): Delivery | undefined {
  const fromWeakest = ["delivered", "unknown", "stale", "unsent"] as const;
  return fromWeakest.find((delivery) => deliveries.includes(delivery));
}

function auditSend({ kind, id, content, sha256 }: Call, send: ReceivedRequest, check: Check): void {
  check(send.method === kind.method, "arrived with another method");
  if (send.whole) check(send.bodySha256 === sha256, "arrived with another body");
  else check(send.bodyBytes <= content.length, "arrived with too much body");
  const key = headerValue(send.headers, "idempotency-key");
  check(key === (kind.keyed ? `"key of ${id}"` : null), "arrived with another key");
}

function auditCount(
  trial: Trial,
  { call }: Outcome,
  received: readonly ReceivedRequest[],
  check: Check,
): void {
  const done = trial.effects.get(call.id) ?? 0;
  const written = trial.attempts.of(call.id).filter(({ reused }) => reused !== null).length;
  check(received.length <= written, "arrived more often than it was written");
  check(call.kind.resendable || written <= 1, "was written twice");
  check((call.kind.resendable && !call.kind.keyed) || done <= 1, "was done twice");
}

function sendsOf(received: readonly ReceivedRequest[]): Map<string, ReceivedRequest[]> {
  const sends = new Map<string, ReceivedRequest[]>();
  for (const send of received) {
    const known = sends.get(send.id);
    if (known === undefined) sends.set(send.id, [send]);
    else known.push(send);
  }
  return sends;
}
