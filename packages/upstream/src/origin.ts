import { RetryBudget, type Clock } from "@reissue/core";

import type { OriginSettings } from "./origin-settings.ts";
import { Outage } from "./pool/outage.ts";
import { Pool } from "./pool/pool.ts";

/** One upstream origin: its connections, what it can still afford, and whether it can be reached. */
export class Origin {
  /** The URL origin, such as `http://orders:3000`. */
  readonly name: string;
  readonly settings: OriginSettings;
  readonly clock: Clock;
  readonly pool: Pool;
  readonly outage: Outage;
  readonly budget: RetryBudget;
  readonly staleBudget: RetryBudget;

  constructor(name: string, settings: OriginSettings, clock: Clock) {
    this.name = name;
    this.settings = settings;
    this.clock = clock;
    this.outage = new Outage(settings.policy.unsentWindowMs);
    this.pool = new Pool(name, settings, clock, () => this.outage.end());
    this.budget = new RetryBudget(settings.policy.budget);
    this.staleBudget = new RetryBudget(settings.policy.staleBudget);
  }

  /** Whether nothing is lost by forgetting it: no connection, and nobody waits for one. */
  get unused(): boolean {
    return this.pool.size === 0 && this.pool.waiting === 0;
  }
}
