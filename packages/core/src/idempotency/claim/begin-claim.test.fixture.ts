import { manualClock, type ManualClock } from "@reissue/testing";
import { onTestFinished } from "vitest";

import type { StoredResponse } from "../store/stored-response.ts";
import { beginClaim, type ClaimOutcome } from "./begin-claim.ts";
import { claimConfig, type ClaimOptions, type ClaimConfig } from "./claim-config.ts";
import type { Claim } from "./claim.ts";
import {
  idempotencyChannel,
  type IdempotencyMessage,
} from "../../diagnostics/idempotency-channel.ts";
import { memoryStore } from "../store/memory-store.ts";
import type { IdempotencyStore } from "../store/store.ts";

/** A memory store on a clock that stands still, and what its claims tell. */
export interface Bench {
  readonly clock: ManualClock;
  readonly store: IdempotencyStore;
  readonly settings: ClaimConfig;
  readonly messages: readonly IdempotencyMessage[];
  /** Asks with a key. */
  ask(fields?: {
    key?: string;
    scope?: string;
    fingerprint?: string;
    signal?: AbortSignal;
  }): Promise<ClaimOutcome>;
  /** Asks with a key that is free. */
  run(): Promise<Claim>;
}

export const response: StoredResponse = {
  status: 201,
  headers: [],
  trailers: [],
  body: Buffer.from("done"),
};

/** @param methods - Take the place of the memory store's own. */
export function bench(
  options: Partial<ClaimOptions> = {},
  methods: (store: IdempotencyStore) => Partial<IdempotencyStore> = () => ({}),
): Bench {
  const clock = manualClock();
  const memory = memoryStore({ clock });
  const store: IdempotencyStore = {
    claim: (request) => memory.claim(request),
    renew: (token, leaseMs) => memory.renew(token, leaseMs),
    complete: (token, bytes, retentionMs) => memory.complete(token, bytes, retentionMs),
    release: (token) => memory.release(token),
    ...methods(memory),
  };
  const settings = claimConfig({ store, ...options }, "idempotency", {
    clock,
    retryAfterSeconds: 7,
  });
  const messages: IdempotencyMessage[] = [];
  const listen = (message: unknown): void => void messages.push(message as IdempotencyMessage);
  idempotencyChannel.subscribe(listen);
  onTestFinished(() => {
    idempotencyChannel.unsubscribe(listen);
  });
  const ask: Bench["ask"] = async (fields = {}) =>
    beginClaim({ scope: "shared", key: "k", fingerprint: "f", ...fields }, settings);
  return {
    clock,
    store,
    settings,
    messages,
    ask,
    async run() {
      const beginning = await ask();
      if (beginning.action !== "run") throw new Error(`The key is not free: ${beginning.action}`);
      return beginning.claim;
    },
  };
}

/** The names of the events that were heard. */
export function events({ messages }: Bench): string[] {
  return messages.map(({ event }) => event);
}
