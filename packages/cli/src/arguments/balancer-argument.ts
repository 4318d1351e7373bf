import { balancerIdleMs, closestName, isBalancer, type Balancer } from "@reissue/core/internal";

import { wrongArgument } from "./parse-arguments.ts";

/**
 * Reads the names of load balancers, `aws-alb` or `aws-alb,cloudflare`.
 *
 * @throws CommandError for an unknown one, with the name that was probably meant.
 */
export function balancersArgument(command: string, values: readonly string[]): readonly Balancer[] {
  return values
    .flatMap((value) => value.split(","))
    .map((name) => {
      if (isBalancer(name)) return name;
      const known = Object.keys(balancerIdleMs);
      const closest = closestName(name, known);
      const hint = closest === null ? `One of ${known.join(", ")}.` : `Did you mean ${closest}?`;
      throw wrongArgument(command, `--behind does not know "${name}".`, hint);
    });
}

/** The longest time for which one of these load balancers keeps an idle connection, in ms; 0 for none. */
export function longestIdleMs(behind: readonly Balancer[]): number {
  return Math.max(0, ...behind.map((name) => balancerIdleMs[name]));
}
