import { memoryStore, type Guarantee, type IdempotencyStore } from "@reissue/core";
import type { GateOptions } from "@reissue/server";

import type { Call, Running, ServiceOptions, Start } from "../../support/frameworks/frameworks.ts";

/** A service whose keys are deduplicated. */
export interface Service extends Running {
  /** How often its handler ran. */
  readonly runs: () => number;
}

/** What is captured of a response does not depend on whether its method's keys are claimed by default. */
const methods = ["GET", "HEAD", "POST", "PUT"];

/** Starts one; it ends with the test. */
export async function serve(
  start: Start,
  run: (call: Call, number: number) => unknown,
  {
    store = memoryStore(),
    gate = {},
    route = {},
    ...idempotency
  }: {
    readonly store?: IdempotencyStore;
    readonly gate?: GateOptions;
    readonly route?: NonNullable<ServiceOptions["route"]>;
    readonly maxBodyBytes?: number;
    readonly maxAnswerBytes?: number;
    readonly waitMs?: number;
    readonly leaseMs?: number;
    readonly maxRunMs?: number;
    readonly guarantee?: Guarantee;
  } = {},
): Promise<Service> {
  let runs = 0;
  const running = await start({
    gate: { ...gate, idempotency: { store, scope: "shared", methods, ...idempotency } },
    route,
    run: (call) => run(call, (runs += 1)),
  });
  return { ...running, runs: () => runs };
}

/** A memory store whose completions, or claims, wait to be let through. */
export class HeldStore implements IdempotencyStore {
  /** How many completions have been asked for. */
  asked = 0;
  readonly #store: IdempotencyStore = memoryStore();
  readonly #held: "complete" | "claim";
  #open: () => void = () => {};
  readonly #isOpen = new Promise<void>((resolve) => (this.#open = resolve));

  constructor(held: "complete" | "claim" = "complete") {
    this.#held = held;
  }

  open(): void {
    this.#open();
  }

  async claim(
    ...args: Parameters<IdempotencyStore["claim"]>
  ): Promise<Awaited<ReturnType<IdempotencyStore["claim"]>>> {
    if (this.#held === "claim") await this.#wait();
    return this.#store.claim(...args);
  }

  renew(...args: Parameters<IdempotencyStore["renew"]>): ReturnType<IdempotencyStore["renew"]> {
    return this.#store.renew(...args);
  }

  async complete(...args: Parameters<IdempotencyStore["complete"]>): Promise<boolean> {
    if (this.#held === "complete") await this.#wait();
    return this.#store.complete(...args);
  }

  release(
    ...args: Parameters<IdempotencyStore["release"]>
  ): ReturnType<IdempotencyStore["release"]> {
    return this.#store.release(...args);
  }

  #wait(): Promise<void> {
    this.asked += 1;
    return this.#isOpen;
  }
}
