import type { Clock } from "../common/clock.ts";
import type { ConnectBreaker } from "../connection/connect-breaker.ts";
import {
  decisionChannel,
  rescueChannel,
  type DecisionMessage,
} from "../diagnostics/attempt-channel.ts";
import type { ClientKind } from "../diagnostics/client-kind.ts";
import type { RetryCounts } from "../diagnostics/retry-counts.ts";
import type { Delivery, Failure } from "../failure/failure.ts";
import { mergedRecord, type AttemptRecord } from "./attempt-record.ts";
import type { RetryBudget } from "../retry/budget.ts";
import {
  decide,
  type Decision,
  type GiveUpReason,
  type Outcome,
  type RequestFacts,
  type ResendReason,
  type RetryState,
} from "../retry/decide.ts";
import type { RetryPolicy } from "../retry/policy.ts";
import { UpstreamError } from "./upstream-error.ts";

/** Budgets of an origin, and whether it can be reached. */
export interface RetryOrigin {
  readonly client: ClientKind;
  /** URL origin, such as `http://orders:3000`. */
  readonly name: string;
  readonly clock: Clock;
  readonly breaker: ConnectBreaker;
  readonly budget: RetryBudget;
  readonly staleBudget: RetryBudget;
  readonly counts: RetryCounts;
  /** Told of every decision; null when nothing listens. */
  readonly onDecision: ((message: DecisionMessage) => void) | null;
}

/** Request that a {@link RetryHistory} decides on. */
export interface RetryRequest {
  readonly origin: RetryOrigin;
  readonly facts: RequestFacts;
  readonly policy: RetryPolicy;
  /** Instant after which nothing is sent, in ms of the clock. */
  readonly deadlineMs: number;
}

/** Strength of each delivery as a proof that nothing was processed. */
const strength: Record<Delivery, number> = { unsent: 3, stale: 2, unknown: 1, delivered: 0 };

/** Attempts of one call, and what follows each: decides on resends and charges them to the origin's budgets. */
export class RetryHistory {
  #records: AttemptRecord[] | null = null;
  /** Record of the latest attempt that did not succeed. */
  #latest: AttemptRecord | null = null;
  /** Sends so far, including attempts that never got a connection. */
  sends = 0;
  /** Start of the latest send, in ms of the clock. */
  sentAtMs = 0;
  #staleResends = 0;
  #unsentResends = 0;
  #unsentSinceMs: number | null = null;
  /** Whether an attempt met a pooled connection that the upstream was closing. */
  raced = false;
  /** Whether the latest decision was not to send the request again. */
  #gaveUp = false;
  #delivery: Delivery | null;

  /** @param redirected - Whether an earlier request of the call got a response, and may have been processed. */
  constructor(redirected: boolean) {
    this.#delivery = redirected ? "unknown" : null;
  }

  /**
   * Records an attempt that did not succeed.
   *
   * @param triedSinceMs - Instant since which the attempt had been connecting, or waiting in the queue.
   */
  add(record: AttemptRecord, triedSinceMs: number): void {
    // A request that got a response may have been processed.
    const delivery = record.failure?.delivery ?? "unknown";
    this.#keep(record);
    if (delivery === "unsent") this.#unsentSinceMs ??= triedSinceMs;
    else this.#unsentSinceMs = null;
    const isWeaker = this.#delivery === null || strength[delivery] < strength[this.#delivery];
    if (isWeaker) this.#delivery = delivery;
  }

  /** Records the start of an attempt. */
  begin(nowMs: number): void {
    this.sends += 1;
    this.sentAtMs = nowMs;
  }

  /** Records that the latest attempt never got a connection. */
  addNeverSent(nowMs: number, failure: Failure, error: unknown): void {
    const { sends: attempt, sentAtMs: startedAtMs } = this;
    const durationMs = nowMs - startedAtMs;
    const never = { reused: null, idleMs: null, status: null, repeats: 0 };
    this.add({ attempt, startedAtMs, durationMs, ...never, failure, error }, startedAtMs);
  }

  /**
   * Decides what follows an attempt, publishes the decision, and charges a resend to the origin's budgets.
   *
   * @param record - Record of the attempt, unless it was added as the latest.
   */
  decideAndCharge(
    outcome: Outcome,
    request: RetryRequest,
    record: AttemptRecord | null = this.#latest,
  ): Decision {
    const nowMs = request.origin.clock.now();
    const decision = this.#decide(outcome, request, nowMs);
    this.publish(outcome, decision, request, record);
    if (decision.action === "resend") this.#charge(decision.reason, request, nowMs);
    return decision;
  }

  /**
   * Publishes that a request is not sent again, where that is so whatever would be decided: its socket was destroyed on
   * purpose, say.
   *
   * @returns the reason: the one of the decision, or else `condition-not-listed`.
   */
  giveUp(outcome: Outcome, request: RetryRequest): GiveUpReason {
    const decision = this.#decide(outcome, request, request.origin.clock.now());
    const reason = decision.action === "give-up" ? decision.reason : "condition-not-listed";
    this.publish(outcome, { action: "give-up", reason }, request);
    return reason;
  }

  /**
   * Publishes a decision and its grounds on `reissue:decision`, and tells them the origin's listener.
   *
   * @param record - Record of the attempt, unless it was added as the latest.
   */
  publish(
    outcome: Outcome,
    decision: Decision,
    { origin, facts }: RetryRequest,
    record: AttemptRecord | null = this.#latest,
  ): void {
    if (isRace(outcome)) this.raced = true;
    this.#gaveUp = decision.action === "give-up";
    const { client, name, counts, onDecision } = origin;
    counts.add(decision);
    if (record === null || (!decisionChannel.hasSubscribers && onDecision === null)) return;
    const { sends: attempt } = this;
    const message = { client, origin: name, request: facts, outcome, decision, attempt, record };
    onDecision?.(message);
    decisionChannel.publish(message);
  }

  /** Records of the attempts that did not succeed, oldest first; unsent ones that failed alike share one. */
  get records(): readonly AttemptRecord[] {
    return this.#records ?? [];
  }

  /** Fate of the request: the weakest delivery of all attempts; null before the first. */
  get delivery(): Delivery | null {
    return this.#delivery;
  }

  /**
   * Creates the error of a call that failed for good.
   *
   * Its delivery is the weakest of all attempts, since any of them may have been processed.
   */
  toError(
    failure: Failure,
    reason: GiveUpReason,
    { origin, facts }: RetryRequest,
    cause: unknown,
  ): UpstreamError {
    const delivery = this.#delivery ?? failure.delivery;
    return new UpstreamError({
      failure: { ...failure, delivery },
      reason,
      method: facts.method,
      origin: origin.name,
      attempts: this.records,
      cause,
    });
  }

  /** Notes that the request has got its whole response, and publishes it if an attempt had failed. */
  onResponse({ origin, facts }: RetryRequest): void {
    if (this.sends === 1) return;
    const { client, name, counts } = origin;
    if (this.raced) counts.healed += 1;
    if (this.#gaveUp || !rescueChannel.hasSubscribers) return;
    const { sends: attempt, raced } = this;
    rescueChannel.publish({ client, origin: name, method: facts.method, attempt, raced });
  }

  #keep(record: AttemptRecord): void {
    this.#latest = record;
    const records = (this.#records ??= []);
    const last = records.at(-1);
    const merged = last === undefined ? null : mergedRecord(last, record);
    if (merged === null) records.push(record);
    else records[records.length - 1] = merged;
  }

  #decide(outcome: Outcome, request: RetryRequest, nowMs: number): Decision {
    return decide(outcome, request.facts, request.policy, this.#state(request, nowMs));
  }

  #state({ origin, deadlineMs }: RetryRequest, nowMs: number): RetryState {
    const outageSinceMs = origin.breaker.sinceMs(nowMs);
    return {
      attempts: Math.max(this.sends - this.#staleResends - this.#unsentResends, 1),
      staleResends: this.#staleResends,
      unsentResends: this.#unsentResends,
      // An upstream that was down before this call gets no new window.
      unsentSinceMs:
        outageSinceMs === null
          ? this.#unsentSinceMs
          : Math.min(outageSinceMs, this.#unsentSinceMs ?? outageSinceMs),
      nowMs,
      deadlineMs,
      budgetLeft: origin.budget.has(nowMs),
      staleBudgetLeft: origin.staleBudget.has(nowMs),
      aborted: false,
      random: origin.clock.random(),
    };
  }

  /** Counts a resend, and takes its token from the budget that its reason is charged to. */
  #charge(reason: ResendReason, { origin, policy }: RetryRequest, nowMs: number): void {
    if (reason === "stale-socket") {
      this.#staleResends += 1;
      origin.staleBudget.withdraw(nowMs);
    } else if (reason === "unsent" && policy.unsentWindowMs > 0) {
      this.#unsentResends += 1;
    } else {
      origin.budget.withdraw(nowMs);
    }
  }
}

/** Whether an attempt met a pooled connection that the upstream was closing: the keep-alive race. */
export function isRace(outcome: Outcome): boolean {
  if (outcome.type !== "failure") return false;
  const { delivery, phase, kind } = outcome.failure;
  return delivery === "stale" || (delivery === "unsent" && phase === "pool" && kind === "reset");
}
