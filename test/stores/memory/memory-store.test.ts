import { memoryStore } from "@reissue/core";
import { manualClock, storeConformance, type StoreHarness } from "@reissue/testing";
import { test } from "vitest";

import { followsTheModel } from "../../support/stores/engine-model.ts";

function opened(): StoreHarness {
  const clock = manualClock();
  return { store: memoryStore({ clock }), advance: (ms) => clock.advance(ms) };
}

test.each(storeConformance)("$name", ({ run }) => run(opened()));

test("does what the model does", () => followsTheModel(opened(), 500));
