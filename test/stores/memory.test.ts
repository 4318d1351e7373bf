import { memoryStore } from "@reissue/core";
import { manualClock, storeConformance } from "@reissue/testing";
import { test } from "vitest";

test.each(storeConformance)("$name", async ({ run }) => {
  const clock = manualClock();
  await run({ store: memoryStore({ clock }), advance: (ms) => clock.advance(ms) });
});
