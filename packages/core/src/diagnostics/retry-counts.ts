import type { Decision, GiveUpReason, ResendReason } from "../retry/decide.ts";

/** Number of resends, by reason. */
export type ResendCounts = Record<ResendReason, number>;

/** Number of decisions not to send a request again, by reason. */
export type GiveUpCounts = Record<GiveUpReason, number>;

/** Counts of what followed the failed attempts of one origin, since the origin was first called. */
export class RetryCounts {
  readonly resends: ResendCounts = {
    unsent: 0,
    "stale-socket": 0,
    reset: 0,
    timeout: 0,
    status: 0,
  };
  readonly giveUps: GiveUpCounts = {
    "not-retry-safe": 0,
    "body-not-replayable": 0,
    "response-started": 0,
    "condition-not-listed": 0,
    "attempts-exhausted": 0,
    "queue-timeout": 0,
    "budget-exhausted": 0,
    "deadline-exceeded": 0,
    aborted: 0,
    unsupported: 0,
  };
  /** Calls that got their response although an attempt of theirs had met a connection that the upstream was closing. */
  healed = 0;

  /** Counts a decision. */
  add(decision: Decision): void {
    if (decision.action === "resend") this.resends[decision.reason] += 1;
    else this.giveUps[decision.reason] += 1;
  }
}
