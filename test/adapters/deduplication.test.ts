import { memoryStore } from "@reissue/core";
import { deduplicationConformance } from "@reissue/testing";
import { describe, test } from "vitest";

import { frameworks } from "./frameworks.ts";

describe.each(frameworks)("%s", (_, start) => {
  for (const { name, run } of deduplicationConformance) {
    test(name, () =>
      run({
        store: memoryStore(),
        start: ({ idempotency, ...service }) => start({ ...service, gate: { idempotency } }),
      }),
    );
  }
});
