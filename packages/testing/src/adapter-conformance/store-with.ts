import type { IdempotencyStore } from "@reissue/core";

/** Replaces some methods of a store. */
export function storeWith(
  store: IdempotencyStore,
  methods: Partial<IdempotencyStore>,
): IdempotencyStore {
  return {
    claim: (request) => store.claim(request),
    renew: (token, leaseMs) => store.renew(token, leaseMs),
    complete: (token, response, retentionMs) => store.complete(token, response, retentionMs),
    release: (token) => store.release(token),
    ...methods,
  };
}
