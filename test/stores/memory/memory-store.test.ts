import { memoryStore } from "@reissue/core";
import { manualClock, storeConformance, type StoreHarness } from "@reissue/testing";
import { test } from "vitest";

import { followsTheModel } from "../../support/stores/engine-model.ts";

function opened(): StoreHarness {
  const clock = manualClock();
  return { store: memoryStore({ clock }), advance: (ms) => clock.advance(ms) };
}

test.each(storeConformance)("the memory store passes the case: $name", ({ run }) => run(opened()));

test("the memory store behaves like the model", () => followsTheModel(opened(), 500));
