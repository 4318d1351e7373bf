import { setTimeout as sleep } from "node:timers/promises";

import { seededRandom } from "@reissue/testing";
import { Agent } from "undici";
import { describe, expect, onTestFinished, test } from "vitest";

import { times } from "../../support/test-size.ts";
import { postgres, stores } from "./backends.ts";
import { opened } from "./effects.ts";
import { pay, type Receipt } from "./pay.ts";
import { started, type Service, type ServiceOptions } from "./process.ts";

const leaseMs = 2400;
/** Victims that are started at a time; more of them would only starve each other. */
const concurrency = 3;

/** A payment whose process died, or stood still, at a random moment after it had its effect. */
interface Trial {
  readonly key: string;
  readonly startedAtMs: number;
  /** What the client of the victim got; null where its connection died. */
  readonly receipt: Promise<Receipt | null>;
  readonly victim: Service;
}

/** What victims are struck with, how many of them, and how many payments each of them makes at the time. */
interface Strikes {
  readonly signal: NodeJS.Signals;
  readonly victims: number;
  readonly payments: number;
}

/** Strikes at victims, and leaves a survivor with the same store to ask. */
async function struck(
  options: Pick<ServiceOptions, "store" | "url"> & { readonly guarantee: string },
  { signal, victims, payments }: Strikes,
  check: (trial: Trial, ask: (key: string) => Promise<Receipt>) => Promise<void>,
): Promise<ReadonlyMap<string, number>> {
  const random = seededRandom(1);
  /** Told that a payment of a victim has had its effect, by path. */
  const arrivals = new Map<string, () => Promise<void>>();
  const effects = await opened(async (path) => {
    const arrived = arrivals.get(path);
    arrivals.delete(path);
    await arrived?.();
  });
  const full = { storeTimeoutMs: 800, leaseMs, ...options, effects: effects.origin };
  const survivor = await started(full);
  const agent = new Agent();
  onTestFinished(() => agent.destroy());
  const ask = (key: string): Promise<Receipt> => pay(agent, survivor.origin, key);
  const left = Array.from({ length: victims }, (_, victim) =>
    Array.from({ length: payments }, (_, payment) => `key-${victim}-${payment}`),
  ).values();
  // Most of the time goes by until a lease is over, and one victim need not wait for another's.
  const checks: Promise<unknown>[] = [];
  const strikeEach = async (): Promise<void> => {
    for (const keys of left) {
      const victim = await started(full);
      const arrived = meeting(keys.length, () => {
        // Somewhere between the effects and their answers' last bytes.
        // real time: the signal comes from outside, at a random moment
        setTimeout(() => victim.signal(signal), random() * 4);
      });
      for (const key of keys) arrivals.set(`/payments/${key}`, arrived);
      const startedAtMs = performance.now();
      const trials = keys.map((key): Trial => {
        const receipt = pay(agent, victim.origin, key).catch(() => null);
        return { key, startedAtMs, receipt, victim };
      });
      const isStruck = (): boolean => !keys.some((key) => arrivals.has(`/payments/${key}`));
      await expect.poll(isStruck, { timeout: 10_000 }).toBe(true);
      const checked = Promise.all(trials.map((trial) => check(trial, ask)));
      checks.push(checked.finally(() => victim.signal("SIGKILL")));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, strikeEach));
  await Promise.all(checks);
  return effects.counts;
}

/** What those who meet call as they come; it resolves for all of them with the last. */
function meeting(expected: number, onLast: () => void): () => Promise<void> {
  let missing = expected;
  let open = (): void => {};
  const all = new Promise<void>((resolve) => (open = resolve));
  return () => {
    missing -= 1;
    if (missing === 0) {
      onLast();
      open();
    }
    return all;
  };
}

/** Asks until the key is no longer in flight, and the store is not too busy to say so. */
async function settled(key: string, ask: (key: string) => Promise<Receipt>): Promise<Receipt> {
  for (let tries = 0; tries < 100; tries += 1) {
    const receipt = await ask(key);
    const isPassing = receipt.status === 503 || receipt.body.includes("in progress");
    if (!isPassing) return receipt;
    // real time: the lease is over by the clock of another process
    await sleep(200);
  }
  throw new Error(`${key} is still in flight`);
}

describe.each(stores)("%s, with a process killed after its effect", (store, open) => {
  test(`the next request runs once the lease is over and never before, in the mode "at least once"`, async () => {
    const kept = new Set<string>();
    const counts = await struck(
      { store, url: (await open()).url, guarantee: "at-least-once" },
      { signal: "SIGKILL", victims: times(5, 25), payments: 4 },
      async ({ key, startedAtMs, receipt }, ask) => {
        const next = await settled(key, ask);
        expect(next.status).toBe(201);
        // It may have been completed just before it was killed.
        if (next.replayed) kept.add(key);
        else expect(performance.now() - startedAtMs).toBeGreaterThan(leaseMs);
        const first = await receipt;
        if (first !== null) expect(first.body).toBe(next.body);
        expect(await ask(key)).toEqual({ ...next, replayed: true });
      },
    );
    for (const [path, count] of counts) {
      expect(count).toBe(kept.has(path.slice("/payments/".length)) ? 1 : 2);
    }
    expect(counts.size).toBe(times(20, 100));
    expect(counts.size - kept.size).toBeGreaterThan(times(2, 20));
  }, 120_000);

  test(`the outcome is unknown and the handler does not run again, in the mode "at most once"`, async () => {
    let unknown = 0;
    const counts = await struck(
      { store, url: (await open()).url, guarantee: "at-most-once" },
      { signal: "SIGKILL", victims: times(5, 25), payments: 4 },
      async ({ key }, ask) => {
        const next = await settled(key, ask);
        if (next.status === 409) unknown += 1;
        else expect(next).toMatchObject({ status: 201, replayed: true });
        const { status, body } = await ask(key);
        expect({ status, body }).toEqual({ status: next.status, body: next.body });
      },
    );
    expect(new Set(counts.values())).toEqual(new Set([1]));
    expect(counts.size).toBe(times(20, 100));
    expect(unknown).toBeGreaterThan(times(2, 20));
  }, 120_000);

  test("a process that was stopped for longer than its lease does not overwrite a response", async () => {
    const counts = await struck(
      { store, url: (await open()).url, guarantee: "at-least-once" },
      { signal: "SIGSTOP", victims: times(3, 8), payments: 1 },
      async ({ key, receipt, victim }, ask) => {
        const next = await settled(key, ask);
        victim.signal("SIGCONT");
        // Its own client gets the answer of the run that it waited for.
        expect(await receipt).toMatchObject({ status: 201, replayed: false });
        expect(await ask(key)).toEqual({ ...next, replayed: true });
      },
    );
    expect(counts.size).toBe(times(3, 8));
  }, 120_000);
});

test("the effect happens exactly once if the work is in the same transaction", async () => {
  const database = await postgres();
  const query = database.query;
  await query("CREATE TABLE payments (path text NOT NULL)");
  await struck(
    { store: "transaction", url: database.url, guarantee: "at-least-once" },
    { signal: "SIGKILL", victims: times(12, 100), payments: 1 },
    async ({ key, receipt }, ask) => {
      const next = await settled(key, ask);
      expect(next.status).toBe(201);
      const first = await receipt;
      if (first !== null) expect(first.body).toBe(next.body);
      expect(await ask(key)).toEqual({ ...next, replayed: true });
    },
  );
  const rows = await query("SELECT path, count(*)::int AS count FROM payments GROUP BY path");
  expect(rows).toHaveLength(times(12, 100));
  for (const { count } of rows) expect(count).toBe(1);
}, 120_000);
