import { failureOf, failureSpecs } from "./failure-spec.ts";
import type { Evidence, Failure } from "./failure.ts";
import { isStaleDeath } from "./stale-window.ts";

/**
 * Failure that a 408 with `Connection: close` stands for where it crossed the request; null where it responds to it.
 *
 * Servers and load balancers close an idle connection in this way, and never read a request that is on its way by then:
 * the keep-alive race, announced. RFC 9110 §15.5.9 lets the client repeat the request on a new connection.
 *
 * @param evidence - `responseStarted`: whether anything came before the 408; `diedAfterMs`: when its head came.
 */
export function crossedTimeout(evidence: Evidence): Failure | null {
  return isStaleDeath(evidence)
    ? { ...failureOf(failureSpecs.reset, null), delivery: "stale" }
    : null;
}
