import { deduplicationConformance } from "@reissue/testing";
import { describe, test } from "vitest";

import { stores } from "../memory-stores.ts";
import { frameworks } from "./frameworks.ts";

const services = frameworks.flatMap(([framework, start]) =>
  stores.map(([store, open]) => [framework, store, start, open] as const),
);

describe.each(services)("%s, store %s", (_framework, _store, start, open) => {
  for (const { name, run } of deduplicationConformance) {
    test(name, () =>
      run({
        store: open(),
        start: ({ idempotency, ...service }) => start({ ...service, gate: { idempotency } }),
      }),
    );
  }
});
