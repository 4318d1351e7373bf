import { failureOf, failureSpecs } from "./failure-spec.ts";
import type { Evidence, Failure } from "./failure.ts";
import { isStaleDeath } from "./stale-window.ts";

/**
 * The failure that a 408 with `Connection: close` stands for where it crossed the request; null where it answers it.
 *
 * Servers and load balancers end an idle connection so, and a request that is on its way by then is never read: the
 * race of keep-alive in words. RFC 9110 §15.5.9 lets the client repeat the request on a new connection.
 *
 * @param evidence - `responseStarted` is whether anything came before the 408, `diedAfterMs` when its head came.
 */
export function crossedTimeout(evidence: Evidence): Failure | null {
  return isStaleDeath(evidence)
    ? { ...failureOf(failureSpecs.reset, null), delivery: "stale" }
    : null;
}
