import type { FaultRule } from "@reissue/testing";

import type { Balancer, Change, StartBalancer } from "./balancer.ts";
import { impatient, startInstance, type Instance } from "./instance.ts";
import { load, type Answer } from "./load.ts";

/** How the second instance loses what it is asked; but for `refused`, after its upstream has done it. */
export const losses = ["reset", "hang", "status 503", "refused", "instance hangs up"] as const;

export type Loss = (typeof losses)[number];

const faults: Partial<Record<Loss, FaultRule>> = {
  reset: { fault: "reset", when: "after-processing" },
  hang: { fault: "hang", when: "after-processing" },
  "status 503": { fault: "status", status: 503, when: "after-processing" },
};

/** A balancer in front of two instances, of which the second loses things. */
export interface Fleet {
  readonly balancer: Balancer;
  readonly instances: readonly [Instance, Instance];
}

/** Starts a fleet; it ends with the test. */
export async function startFleet(
  [behind, start]: readonly ["nginx" | "haproxy", StartBalancer],
  ...changes: readonly Change[]
): Promise<Fleet> {
  const instances = [await startInstance(behind), await startInstance(behind, impatient)] as const;
  const ports = instances.map(({ port }) => port);
  return { balancer: await start(ports, ...changes), instances };
}

/** What clients got while the second instance lost things. */
export interface Outcome {
  readonly gets: readonly Answer[];
  readonly posts: readonly Answer[];
  readonly confirmations: readonly Answer[];
  /** Plain POSTs that the upstreams have processed more than once. */
  readonly doneTwice: number;
}

/** Sends GETs, plain POSTs and POSTs of an opted-in route through the balancer, under one kind of loss. */
export async function under(loss: Loss, { balancer, instances }: Fleet): Promise<Outcome> {
  const [, failing] = instances;
  const fault = faults[loss];
  failing.shop.setFaults(fault === undefined ? [] : [fault]);
  failing.cuts = loss === "instance hangs up";
  if (loss === "refused") {
    await failing.shop.refuse();
    failing.shop.killAll();
  }
  const gets = await load(balancer.origin, "GET", "/orders", 100);
  const posts = await load(balancer.origin, "POST", "/orders", 40);
  const confirmations = await load(balancer.origin, "POST", "/confirmations", 40);
  const done = (id: string): number =>
    instances.reduce((sum, { shop }) => sum + (shop.effects.get(id) ?? 0), 0);
  return {
    gets,
    posts,
    confirmations,
    doneTwice: posts.filter(({ id }) => done(id) > 1).length,
  };
}
