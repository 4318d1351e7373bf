import type { Close } from "./connection/probe-connection.ts";

/** What one connection has shown about how long it may be idle. */
export type IdleObservation =
  /** A request got its response after that idle time. */
  | { readonly type: "answered"; readonly idleMs: number }
  /** The server closed it. */
  | ({ readonly type: "closed" } & Omit<Close, "inFlight">)
  /** A request that was written after that idle time got no response: the connection had been dropped without a word. */
  | { readonly type: "lost"; readonly idleMs: number }
  /** It was still open when the round ended. */
  | { readonly type: "open"; readonly idleMs: number };

/** How long a server keeps an idle connection. */
export type IdleLimit =
  | {
      readonly type: "closes";
      /** Earliest and latest close, in ms. */
      readonly fromMs: number;
      readonly toMs: number;
      readonly by: Close["by"];
      /** Whether a 408 came before a close. */
      readonly with408: boolean;
      /** Connections that were seen closing. */
      readonly seen: number;
    }
  /** It is dropped silently, later than `fromMs` and no later than `toMs`. */
  | { readonly type: "drops"; readonly fromMs: number; readonly toMs: number }
  /** It was kept for at least that long. */
  | { readonly type: "keeps"; readonly atLeastMs: number };

/** Difference of two closes that may be the same timer's, as a share of the later. */
const sameAgeShare = 0.25;

/** Idle times at which connections are tried, the longest last: each half of the next. */
export function firstTimes(maxIdleMs: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => maxIdleMs / 2 ** (count - 1 - index));
}

/**
 * Idle times that narrow down a silent drop: evenly spread between the longest that was answered and the shortest that
 * was lost. Empty once the two are within 5 % or half a second.
 */
export function bisectedTimes(limit: IdleLimit, count: number): readonly number[] {
  if (limit.type !== "drops") return [];
  const { fromMs, toMs } = limit;
  if (toMs - fromMs <= Math.max(toMs * 0.05, Math.min(500, toMs / 4))) return [];
  return Array.from(
    { length: count },
    (_, index) => fromMs + ((toMs - fromMs) * (index + 1)) / (count + 1),
  );
}

/** Whether a round has seen enough: two connections that the server closed at like ages. */
export function isSettled(observations: readonly IdleObservation[]): boolean {
  const closes = closesOf(observations).map(({ idleMs }) => idleMs);
  return closes.some((age, index) =>
    closes.slice(index + 1).some((other) => isSameAge(age, other)),
  );
}

/** What all observations together say. */
export function idleLimit(observations: readonly IdleObservation[], maxIdleMs: number): IdleLimit {
  const closes = closesOf(observations);
  const [first] = closes;
  if (first !== undefined) {
    const ages = closes.map(({ idleMs }) => idleMs);
    const byReset = closes.filter(({ by }) => by === "rst").length;
    return {
      type: "closes",
      fromMs: Math.min(...ages),
      toMs: Math.max(...ages),
      by: byReset * 2 > closes.length ? "rst" : "fin",
      with408: closes.some(({ with408 }) => with408),
      seen: closes.length,
    };
  }
  const lost = Math.min(...timesOf(observations, "lost"));
  const answered = timesOf(observations, "answered");
  if (lost < Infinity) {
    return {
      type: "drops",
      fromMs: Math.max(0, ...answered.filter((ms) => ms < lost)),
      toMs: lost,
    };
  }
  const open = timesOf(observations, "open");
  return { type: "keeps", atLeastMs: Math.min(maxIdleMs, Math.max(0, ...answered, ...open)) };
}

function closesOf(observations: readonly IdleObservation[]) {
  return observations.filter((observation) => observation.type === "closed");
}

function timesOf(
  observations: readonly IdleObservation[],
  type: IdleObservation["type"],
): number[] {
  return observations.filter((each) => each.type === type).map(({ idleMs }) => idleMs);
}

function isSameAge(one: number, other: number): boolean {
  return Math.abs(one - other) <= sameAgeShare * Math.max(one, other);
}
