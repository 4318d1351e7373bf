import { memoryStore } from "@reissue/core";
import { manualClock } from "@reissue/testing";
import { expect, test, vi } from "vitest";

import { frameworks } from "../../support/frameworks/frameworks.ts";
import { serve } from "../capture/service.ts";
import { ask } from "../../support/raw-connection.ts";

test.each(frameworks)(
  "%s goes on with a full memory store, and warns once",
  async (_name, start) => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    try {
      const clock = manualClock();
      const store = memoryStore({ clock, maxEntries: 3 });
      const service = await serve(start, (_call, number) => `run ${number}`, { store });
      const post = async (key: string): Promise<[number, boolean]> => {
        const { status, replayed } = await ask(service.origin, { key });
        return [status, replayed];
      };
      for (let number = 0; number < 12; number += 1) {
        expect(await post(`key-${number}`)).toEqual([200, false]);
        await clock.advance(300_000);
      }
      expect(await post("key-11")).toEqual([200, true]);
      expect([service.runs(), warn.mock.calls.length]).toEqual([12, 1]);
      expect(await post("key-12")).toEqual([200, false]);
      expect((await post("key-13"))[0]).toBe(200);
      // None of those that are left is old enough.
      expect((await post("key-14"))[0]).toBe(503);
    } finally {
      warn.mockRestore();
    }
  },
);
