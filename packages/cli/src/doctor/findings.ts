import { hintBufferMs, type Balancer } from "@reissue/core/internal";

import { longestIdleMs } from "../arguments/balancer-argument.ts";
import type { IdleLimit } from "../probe/idle-times.ts";
import { durationText } from "../terminal/duration-text.ts";
import type { DrainObservation } from "./drain-check.ts";

/** What one check has found. */
export interface Finding {
  readonly check: "outlasts" | "requests" | "announces" | "listens" | "exits";
  /** `bad` is to be changed; `doubtful` may be meant so, or was not measured to the end. */
  readonly state: "good" | "bad" | "doubtful";
  readonly text: string;
}

/** Time after the signal for which a server should go on accepting connections, in ms: load balancers learn late. */
const minLameDuckMs = 1000;

/** How long a server has to keep idle connections at the least, in ms, so as to outlast what stands before it. */
export function requiredIdleMs(behind: readonly Balancer[], idleMs: number | null): number {
  return (idleMs ?? longestIdleMs(behind)) + hintBufferMs;
}

/**
 * Whether a server keeps idle connections for longer than its load balancer.
 *
 * @param idle - What was measured; null where connections are closed after each response.
 * @param hintMs - What the server's Keep-Alive header promises; null for nothing.
 */
export function outlasts(
  idle: IdleLimit | null,
  hintMs: number | null,
  requiredMs: number,
  balancer: string,
): Finding {
  const check = "outlasts";
  const balancerMs = requiredMs - hintBufferMs;
  const other = `${balancer} keeps them for ${durationText(balancerMs)}`;
  if (idle === null) {
    const text =
      "closes each connection after its response: none is reused, and each request costs a new one";
    return { check, state: "doubtful", text };
  }
  if (idle.type === "keeps") {
    if (idle.atLeastMs >= balancerMs) {
      const text = `keeps idle connections for ${durationText(idle.atLeastMs)} and longer; ${other}`;
      return { check, state: "good", text };
    }
    const promised = hintMs === null ? "" : `, and promises ${durationText(hintMs)}`;
    const state = hintMs !== null && hintMs < requiredMs ? "bad" : "doubtful";
    const text = `kept idle connections for ${durationText(idle.atLeastMs)}${promised}; ${other}, which was not measured to the end (--max-idle)`;
    return { check, state, text };
  }
  const text = `closes idle connections after ${durationText(idle.fromMs)}; ${other}`;
  if (idle.fromMs >= requiredMs) return { check, state: "good", text };
  const risk = "a request that is written as the server closes is lost, and its client gets 502";
  return { check, state: "bad", text: `${text}: ${risk}` };
}

/** What a shutdown under load has shown. */
export function drainFindings(drain: DrainObservation): readonly Finding[] {
  return [requests(drain), announces(drain), listens(drain), exits(drain)];
}

function requests({ lost, responses }: DrainObservation): Finding {
  const all = responses + lost;
  if (lost === 0) {
    const text = `no request was lost: ${all} got their response after SIGTERM`;
    return { check: "requests", state: "good", text };
  }
  const text = `${lost} of ${all} requests after SIGTERM got no response: a load balancer responds to such a POST with 502`;
  return { check: "requests", state: "bad", text };
}

function announces({ announced, responses }: DrainObservation): Finding {
  const check = "announces";
  if (announced > 0) {
    const text = `responses after SIGTERM say Connection: close (${announced} of ${responses})`;
    return { check, state: "good", text };
  }
  const text =
    responses === 0
      ? "nothing was served after SIGTERM, so that no connection's end was announced"
      : `none of ${responses} responses after SIGTERM says Connection: close: a load balancer goes on using its connections`;
  return { check, state: "bad", text };
}

function listens({ refusedAtMs, exit }: DrainObservation): Finding {
  const check = "listens";
  if (refusedAtMs === null || refusedAtMs >= minLameDuckMs) {
    const until = refusedAtMs ?? exit?.afterMs;
    const text = `accepts new connections for ${until === undefined ? "as long as it runs" : durationText(until)} after SIGTERM`;
    return { check, state: "good", text };
  }
  const text = `refuses new connections ${durationText(refusedAtMs)} after SIGTERM, before a load balancer can know`;
  return { check, state: "bad", text };
}

function exits({ exit }: DrainObservation): Finding {
  const check = "exits";
  if (exit === null) {
    return { check, state: "bad", text: "did not end in time, and was killed (--drain-timeout)" };
  }
  const after = durationText(exit.afterMs);
  if (exit.signal !== null) {
    const text = `ended by ${exit.signal} itself after ${after}: the process has no handler for it`;
    return { check, state: "bad", text };
  }
  const state = exit.code === 0 ? "good" : "doubtful";
  return { check, state, text: `ended after ${after} with code ${exit.code}` };
}
