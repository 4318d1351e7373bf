import { Agent } from "undici";
import { expect, onTestFinished, test } from "vitest";

import { times } from "../../support/test-size.ts";
import { stores } from "./backends.ts";
import { opened } from "./effects.ts";
import { pay, type Receipt } from "./pay.ts";
import { started } from "./process.ts";

/** Each key is a contest of 16 requests; a store that lets two of them run fails within the first few dozen. */
const keyCount = times(250, 1000);
const duplicates = 16;
const processCount = 4;
/** Keys that are paid with at once, each by all its duplicates. */
const concurrentKeys = 8;

test.each(stores)(
  "%s: one of 16 duplicates through 4 processes runs, and all get its response or a 409",
  async (name, open) => {
    const effects = await opened();
    // The machine may have more to do than this.
    const patience = { storeTimeoutMs: 10_000 };
    const options = { store: name, url: (await open()).url, effects: effects.origin, ...patience };
    const services = await Promise.all(
      Array.from({ length: processCount }, () => started(options)),
    );
    const agent = new Agent({ connections: concurrentKeys * 4 });
    onTestFinished(() => agent.destroy());
    const originOf = (number: number): string => services[number % processCount]?.origin ?? "";

    const tried = new Map<string, Receipt[]>();
    const keys = Array.from({ length: keyCount }, (_, number) => `key-${number}`);
    const left = keys.values();
    const payEach = async (): Promise<void> => {
      for (const key of left) {
        const all = Array.from({ length: duplicates }, (_, number) =>
          pay(agent, originOf(number), key),
        );
        tried.set(key, await Promise.all(all));
      }
    };
    await Promise.all(Array.from({ length: concurrentKeys }, payEach));

    expect(effects.counts.size).toBe(keyCount);
    expect(new Set(effects.counts.values())).toEqual(new Set([1]));
    const seen = { run: 0, replayed: 0, refused: 0 };
    for (const key of keys) {
      const receipts = tried.get(key) ?? [];
      expect(receipts).toHaveLength(duplicates);
      const [first, ...more] = receipts.filter(
        ({ status, replayed }) => status === 201 && !replayed,
      );
      expect(more).toEqual([]);
      for (const { status, replayed, body } of receipts) {
        if (status === 409) seen.refused += 1;
        else if (replayed) seen.replayed += 1;
        else seen.run += 1;
        if (status !== 409) expect({ status, body }).toEqual({ status: 201, body: first?.body });
      }
      // Once it is completed, every process gives the same response.
      const again = await Promise.all(services.map(({ origin }) => pay(agent, origin, key)));
      for (const receipt of again) {
        expect(receipt).toEqual({ status: 201, replayed: true, body: first?.body });
      }
    }
    expect(seen.run).toBe(keyCount);
    expect(seen.replayed + seen.refused).toBe(keyCount * (duplicates - 1));
    expect(seen.refused).toBeGreaterThan(0);
  },
  180_000,
);
