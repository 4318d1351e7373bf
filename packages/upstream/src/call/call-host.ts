import type { Bagged } from "../origin/bag.ts";

/** A call that waits, for a back-off or a connection, and so cannot be reached through its connection. */
export interface PendingCall extends Bagged {
  abort(reason: unknown): void;
}

/** What counts the calls under way, and knows those among them that are parked. */
export interface CallHost {
  /** What calls under way fail with since `destroy`; null before. */
  readonly destroyedBy: Error | null;
  onWaiting(call: PendingCall): void;
  onResumed(call: PendingCall): void;
  onEnd(): void;
}
