import type { Bagged } from "@reissue/core/internal";

/** Call that waits for a back-off or a connection, and cannot be reached through a connection. */
export interface PendingCall extends Bagged {
  abort(reason: unknown): void;
}

/** Owner of all calls under way, which knows those that wait. */
export interface CallHost {
  /** Error that calls under way fail with since `destroy`; null before. */
  readonly destroyedBy: Error | null;
  onWaiting(call: PendingCall): void;
  onResumed(call: PendingCall): void;
  onEnd(): void;
}
