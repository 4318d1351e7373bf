import { memoryStore, type IdempotencyStore } from "@reissue/core";

/** Stores in memory: one that answers at once, and one that answers in a turn of the loop to come, as others do. */
export const stores: [name: string, open: () => IdempotencyStore][] = [
  ["answers at once", memoryStore],
  ["answers later", () => later(memoryStore())],
];

function later(store: IdempotencyStore): IdempotencyStore {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    claim: async (request) => (await turn(), store.claim(request)),
    renew: async (token, leaseMs) => (await turn(), store.renew(token, leaseMs)),
    complete: async (token, answer, retentionMs) => (
      await turn(),
      store.complete(token, answer, retentionMs)
    ),
    release: async (token) => (await turn(), store.release(token)),
  };
}
