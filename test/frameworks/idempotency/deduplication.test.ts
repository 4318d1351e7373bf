import { deduplicationConformance } from "@reissue/testing";
import { describe, test } from "vitest";

import { withStores } from "../../support/stores/memory-stores.ts";
import { frameworks } from "../../support/frameworks/frameworks.ts";

describe.each(withStores(frameworks))("store %s, $2", (_store, open, _framework, start) => {
  for (const { name, run } of deduplicationConformance) {
    test(name, () =>
      run({
        store: open(),
        start: ({ idempotency, ...service }) => start({ ...service, gate: { idempotency } }),
      }),
    );
  }
});
