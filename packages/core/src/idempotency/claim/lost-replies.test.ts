import { AsyncLocalStorage } from "node:async_hooks";

import { describe, expect, test } from "vitest";

import { response, bench, events, type Bench } from "./begin-claim.test.fixture.ts";
import { recordId } from "../hash/record-id.ts";
import { StoreFullError } from "../store/store-error.ts";
import type { IdempotencyStore } from "../store/store.ts";

type Claim = IdempotencyStore["claim"];

const lost = (): Error => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

/** How the reply to a claim is lost once the store has made it. */
const losses: readonly (readonly [name: string, lose: (memory: IdempotencyStore) => Claim])[] = [
  [
    "rejects",
    (memory) => async (request) => {
      await memory.claim(request);
      throw lost();
    },
  ],
  [
    "throws",
    (memory) => (request) => {
      void memory.claim(request);
      throw lost();
    },
  ],
  [
    "rejects as if it had been refused",
    (memory) => async (request) => {
      await memory.claim(request);
      const refused = new Error("connect ECONNREFUSED 10.0.0.9:6379");
      throw Object.assign(refused, { code: "ECONNREFUSED", syscall: "connect" });
    },
  ],
  [
    "gives an unknown value",
    (memory) => async (request) => {
      await memory.claim(request);
      return "OK" as never;
    },
  ],
  [
    "never comes",
    (memory) => (request) => {
      void memory.claim(request);
      return new Promise(() => {});
    },
  ],
];

/** A bench whose first `times` claims go another way. */
function losing(
  lose: (memory: IdempotencyStore) => Claim,
  options: Parameters<typeof bench>[0] = {},
  methods: Parameters<typeof bench>[1] = () => ({}),
  times = 1,
): Bench {
  let left = times;
  return bench({ storeTimeoutMs: 50, leaseMs: 6000, ...options }, (memory) => ({
    claim: (request) => (left-- > 0 ? lose(memory)(request) : memory.claim(request)),
    ...methods(memory),
  }));
}

/** What is said to a request whose claim takes as long as it may. */
async function told(b: Bench): Promise<unknown> {
  const asked = b.ask();
  await b.clock.advance(50);
  const beginning = await asked;
  return beginning.action === "refuse" ? beginning.error.status : beginning.action;
}

describe.each(losses)("a reply to a claim that %s", (_name, lose) => {
  test.each(["at-least-once", "at-most-once"] as const)(
    "%s: the request gets a 503, and the key is free, since the handler has not run",
    async (guarantee) => {
      const b = losing(lose, { guarantee });
      expect(await told(b)).toBe(503);
      expect(events(b)).toEqual(["store-failed", "released"]);
      expect(await b.run()).toMatchObject({ fence: 1 });
    },
  );

  test("the result is the same during a wait for another request", async () => {
    let claims = 0;
    const b = bench({ storeTimeoutMs: 50, waitMs: 10_000 }, (memory) => ({
      // The first claims, the second begins to wait, and the third would have it.
      claim: (request) => ((claims += 1) === 3 ? lose(memory)(request) : memory.claim(request)),
    }));
    const first = await b.run();
    const waiting = b.ask();
    await b.clock.advance(10);
    await first.release();
    await b.clock.advance(100);
    expect(await waiting).toMatchObject({ action: "refuse", error: { status: 503 } });
    expect(await b.run()).toMatchObject({ fence: 1 });
  });

  test("the release is repeated until the store can do it, and never touches the claim of another request", async () => {
    let releases = 0;
    const b = losing(lose, {}, (memory) => ({
      release: (claim) => {
        releases += 1;
        return releases < 3 ? Promise.reject(lost()) : memory.release(claim);
      },
    }));
    expect(await told(b)).toBe(503);
    expect((await b.ask()).action).toBe("refuse");
    await b.clock.advance(2000);
    expect([releases, events(b).at(-1)]).toEqual([3, "released"]);
    const successor = await b.run();
    await b.clock.advance(60_000);
    expect(successor.settled).toBe(false);
  });

  test("the lease ends the claim if the store releases nothing, and the number of tries is bounded", async () => {
    let releases = 0;
    const b = losing(lose, {}, () => ({
      release: () => ((releases += 1), Promise.reject(lost())),
    }));
    expect(await told(b)).toBe(503);
    await b.clock.advance(5900);
    expect((await b.ask()).action).toBe("refuse");
    await b.clock.advance(60_000);
    expect(releases).toBeLessThan(10);
    expect(b.messages).toContainEqual(expect.objectContaining({ operation: "release" }));
    expect(await b.run()).toMatchObject({ fence: 2 });
  });
});

test("a release after a takeover by another request leaves that request's claim alone", async () => {
  let isDown = true;
  const b = losing(losses[0]![1], {}, (memory) => ({
    release: (claim) => (isDown ? Promise.reject(lost()) : memory.release(claim)),
  }));
  expect(await told(b)).toBe(503);
  await b.clock.advance(5950);
  const successor = await b.run();
  expect(successor.fence).toBe(2);
  isDown = false;
  await b.clock.advance(5000);
  expect((await b.ask()).action).toBe("refuse");
  expect(await successor.complete(response)).toBe(true);
});

test(`a key is free again after the store was away for longer than a lease, in the mode "at most once"`, async () => {
  let isDown = true;
  const b = losing(losses[0]![1], { guarantee: "at-most-once" }, (memory) => ({
    release: (claim) => (isDown ? Promise.reject(lost()) : memory.release(claim)),
  }));
  expect(await told(b)).toBe(503);
  await b.clock.advance(7000);
  expect(await b.ask()).toMatchObject({ error: { code: "ERR_REISSUE_KEY_OUTCOME_UNKNOWN" } });
  isDown = false;
  await b.clock.advance(20_000);
  expect(await b.run()).toMatchObject({ fence: 1 });
});

test("a late claim whose reply is lost is released", async () => {
  let arrive = (): void => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const b = losing((memory) => async (request) => {
    await arrived;
    await memory.claim(request);
    throw lost();
  });
  expect(await told(b)).toBe(503);
  await b.clock.advance(5000);
  arrive();
  await b.clock.advance(0);
  expect(events(b)).toEqual(["store-failed", "released"]);
  expect(await b.run()).toMatchObject({ fence: 1 });
});

test("a claim that arrives right after its release is released by the next attempt", async () => {
  const b = losing((memory) => async (request) => {
    // As the bytes of a connection that was cut: the server reads them later.
    b.clock.setTimeout(() => void memory.claim(request), 100);
    throw lost();
  });
  expect(await told(b)).toBe(503);
  await b.clock.advance(300);
  expect(events(b)).toEqual(["store-failed", "released"]);
});

test("a full store has claimed nothing, and gets no release", async () => {
  let releases = 0;
  const full = (): never => {
    throw new StoreFullError();
  };
  const b = losing(
    () => full,
    {},
    () => ({ release: () => ((releases += 1), false) }),
  );
  expect(await told(b)).toBe(503);
  await b.clock.advance(60_000);
  expect(releases).toBe(0);
});

test("a recovered store gets every release, and not all of them at once", async () => {
  const callers = new AsyncLocalStorage<string>();
  const released: [string | undefined, string][] = [];
  let atOnce = 0;
  let most = 0;
  const b = bench({ storeTimeoutMs: 1000 }, (memory) => ({
    claim: losses[0]![1](memory),
    async release(claim) {
      most = Math.max(most, (atOnce += 1));
      released.push([callers.getStore(), claim.id]);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      return memory.release(claim);
    },
  }));
  const keys = Array.from({ length: 100 }, (_, number) => `key-${number}`);
  await Promise.all(keys.map((key) => callers.run(key, () => b.ask({ key }))));
  await expect.poll(() => events(b).filter((event) => event === "released")).toHaveLength(100);
  expect(most).toBeLessThanOrEqual(16);
  // Each in the context of its own request.
  expect(released).toEqual(keys.map((key) => [key, recordId("shared", key)]));
});

test.each(["at-least-once", "at-most-once"] as const)(
  "%s: a release whose reply is lost is repeated, so that the key becomes free",
  async (guarantee) => {
    let isDown = true;
    const b = bench({ leaseMs: 6000, guarantee }, (memory) => ({
      release: (claim) => (isDown ? Promise.reject(lost()) : memory.release(claim)),
    }));
    await (await b.run()).release();
    expect((await b.ask()).action).toBe("refuse");
    isDown = false;
    await b.clock.advance(250);
    expect(events(b)).toEqual(["claimed", "store-failed", "in-flight", "released"]);
    expect(await b.run()).toMatchObject({ fence: 1 });
  },
);

test("a response that the store did not accept is stored later, and the handler does not run twice", async () => {
  let isDown = true;
  const b = bench({ leaseMs: 6000 }, (memory) => ({
    complete: (...args) => (isDown ? Promise.reject(lost()) : memory.complete(...args)),
  }));
  expect(await (await b.run()).complete(response)).toBe(false);
  await b.clock.advance(300);
  isDown = false;
  await b.clock.advance(1000);
  expect(events(b)).toEqual(["claimed", "store-failed", "completed"]);
  expect(await b.ask()).toMatchObject({ action: "replay", response });
});

test("a tombstone is stored for a response that cannot be stored", async () => {
  const b = bench();
  const headers = [["x-name", "a\nb"]] as const;
  expect(await (await b.run()).complete({ ...response, headers })).toBe(false);
  await b.clock.advance(250);
  expect(await b.ask()).toMatchObject({ error: { code: "ERR_REISSUE_KEY_ANSWER_NOT_KEPT" } });
});

test("a response that is stored late, after a takeover, is refused", async () => {
  let isDown = true;
  const b = bench({ leaseMs: 6000 }, (memory) => ({
    complete: (...args) => (isDown ? Promise.reject(lost()) : memory.complete(...args)),
  }));
  const claim = await b.run();
  // Right before its first renewal; it is offered again 250, 1250 and 5250 ms later.
  await b.clock.advance(1900);
  expect(await claim.complete({ ...response, body: Buffer.from("late") })).toBe(false);
  await b.clock.advance(4100);
  const successor = await b.run();
  isDown = false;
  await b.clock.advance(1500);
  expect(events(b).at(-1)).toBe("lost");
  expect(await successor.complete(response)).toBe(true);
  expect(await b.ask()).toMatchObject({ action: "replay", response });
});
