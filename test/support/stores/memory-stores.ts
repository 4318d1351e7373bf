import { setImmediate } from "node:timers";

import { memoryStore, type IdempotencyStore } from "@reissue/core";

import { isFullRun } from "../test-size.ts";

/** Stores in memory: one responds at once, the other in a later turn of the event loop, as those on a network do. */
const stores: [name: string, open: () => IdempotencyStore][] = [
  ["responding at once", memoryStore],
  ["responding later", () => later(memoryStore())],
];

/** Each of some cases with each store; with one of them, in turn, in the short form. */
export function withStores<Case extends readonly unknown[]>(cases: readonly Case[]) {
  return stores.flatMap(([name, open], store) =>
    cases
      .filter((_case, at) => isFullRun || at % stores.length === store)
      .map((each) => [name, open, ...each] as const),
  );
}

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
