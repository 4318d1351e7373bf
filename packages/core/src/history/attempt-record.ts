import type { Failure } from "../failure/failure.ts";

/** Record of one send, for errors and diagnostics. */
export interface AttemptRecord {
  /** 1 for the first send. */
  readonly attempt: number;
  /** Start, in ms of the clock. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Whether the connection had already served a request; null when nothing was written. */
  readonly reused: boolean | null;
  /** Idle time of the connection when the request was written, or when it died before that, in ms; null on a fresh one. */
  readonly idleMs: number | null;
  /** Failure; null when there was a response. */
  readonly failure: Failure | null;
  /** Status of the response; null for none. */
  readonly status: number | null;
  /** Error of the transport; null when there was a response. */
  readonly error: unknown;
  /** Attempts right after it that failed in the same way before anything was written, and have no record of their own. */
  readonly repeats: number;
}

/**
 * Merges the record of an attempt into that of the one before, if both failed in the same way before anything was
 * written: an upstream that refuses connections for seconds is tried many times, and one line says as much as twenty.
 *
 * @returns the merged record, with the latest error; null where the attempts differ.
 */
export function mergedRecord(last: AttemptRecord, next: AttemptRecord): AttemptRecord | null {
  const [failure, another] = [last.failure, next.failure];
  if (failure?.delivery !== "unsent" || another?.delivery !== "unsent") return null;
  if (last.reused !== null || next.reused !== null) return null;
  const isSame =
    failure.kind === another.kind &&
    failure.phase === another.phase &&
    failure.code === another.code;
  if (!isSame) return null;
  const durationMs = next.startedAtMs + next.durationMs - last.startedAtMs;
  return { ...last, durationMs, error: next.error, repeats: last.repeats + next.repeats + 1 };
}
