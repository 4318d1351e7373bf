import type { Claim, Guarantee, IdempotencyStore } from "@reissue/core";
import { beginClaim, claimConfig, type ClaimOutcome } from "@reissue/core/internal";
import { manualClock, type StoreHarness } from "@reissue/testing";
import fc from "fast-check";
import { expect } from "vitest";

/** A lease that no run outlasts, in ms. */
const leaseMs = 60_000;
/** A time that is over as soon as {@link StoreHarness.advance} has waited for {@link passedMs}. */
const atOnceMs = 1;
const passedMs = 20;

/** What is true of one key, in the plainest words. */
interface Key {
  /** Null where nobody knows the key. */
  record: Record | null;
}

interface Record {
  fingerprint: string;
  /** Which of the runs holds it. */
  holder: Run;
  fence: number;
  lapsed: boolean;
  /** Which run's answer was kept. */
  answer: Run | null;
}

/** One run of a handler. */
interface Run {
  readonly number: number;
  readonly key: number;
  /** Null once it has been settled, or has crashed. */
  claim: Claim | null;
  readonly clock: ReturnType<typeof manualClock>;
  /** What its heartbeat has asked of the store. */
  readonly renewals: readonly Promise<boolean>[];
}

interface Model {
  readonly keys: Key[];
  readonly runs: Run[];
}

interface Real {
  readonly harness: StoreHarness;
  readonly scope: string;
}

type Command = fc.AsyncCommand<Model, Real>;

/** The answer of a run: its number, so that a replay tells whose it is. */
const answerOf = ({ number }: Run) => ({
  status: 201,
  headers: [],
  trailers: [],
  body: Buffer.from(String(number)),
});

/** A request comes with a key. */
class Begin implements Command {
  readonly key: number;
  readonly fingerprint: string;
  readonly guarantee: Guarantee;

  constructor(key: number, fingerprint: string, guarantee: Guarantee) {
    this.key = key;
    this.fingerprint = fingerprint;
    this.guarantee = guarantee;
  }

  check(): boolean {
    return true;
  }

  async run({ keys, runs }: Model, { harness, scope }: Real): Promise<void> {
    const clock = manualClock();
    const renewals: Promise<boolean>[] = [];
    const options = { store: heard(harness.store, renewals), guarantee: this.guarantee, leaseMs };
    // The store's own time counts, so this one stands still unless a heartbeat is wanted.
    const settings = claimConfig({ ...options, storeTimeoutMs: leaseMs / 3 }, "idempotency", {
      clock,
    });
    const request = { scope, key: `key-${this.key}`, fingerprint: this.fingerprint };
    const beginning = await beginClaim(request, settings);
    const key = keys[this.key]!;
    const { record } = key;
    if (record === null || (record.fingerprint === this.fingerprint && this.#takesOver(record))) {
      const fence = record === null ? 1 : record.fence + 1;
      expect(seen(beginning)).toEqual(["run", fence]);
      const claim = beginning.action === "run" ? beginning.claim : null;
      const run = { number: runs.length, key: this.key, claim, clock, renewals };
      runs.push(run);
      const { fingerprint } = this;
      key.record = { fingerprint, holder: run, fence, lapsed: false, answer: null };
    } else if (record.fingerprint !== this.fingerprint) {
      expect(seen(beginning)).toEqual(["refuse", "ERR_REISSUE_KEY_MISMATCH"]);
    } else if (record.answer !== null) {
      expect(seen(beginning)).toEqual(["replay", String(record.answer.number)]);
    } else {
      const code = record.lapsed ? "OUTCOME_UNKNOWN" : "IN_FLIGHT";
      expect(seen(beginning)).toEqual(["refuse", `ERR_REISSUE_KEY_${code}`]);
    }
  }

  #takesOver({ answer, lapsed }: Record): boolean {
    return answer === null && lapsed && this.guarantee === "at-least-once";
  }

  toString(): string {
    return `begin(key ${this.key}, ${this.fingerprint}, ${this.guarantee})`;
  }
}

/** What becomes of a run, as the model has it: told whether the run holds its record. */
interface Step {
  readonly name: string;
  act(claim: Claim, run: Run, real: Real): Promise<unknown>;
  /** What `act` gives, and what becomes of the record, where the run holds it. */
  holding(record: Record, key: Key, run: Run): unknown;
  /** What `act` gives where it does not. */
  readonly notHolding: unknown;
  /** Whether the run is over. */
  readonly ends: boolean;
}

const complete: Step = {
  name: "complete",
  act: async (claim, run) => claim.complete(answerOf(run)),
  holding: (record, _key, run) => ((record.answer = run), true),
  notHolding: false,
  ends: true,
};

const release: Step = {
  name: "release",
  act: (claim) => claim.release(),
  holding: (_record, key) => void (key.record = null),
  notHolding: undefined,
  ends: true,
};

/** A process dies, and its lease runs out. */
const crash: Step = {
  name: "crash",
  async act(claim, _run, { harness }) {
    claim.abandon();
    await harness.store.renew(claim, atOnceMs);
    await harness.advance(passedMs);
  },
  holding: (record) => void (record.lapsed = true),
  notHolding: undefined,
  ends: true,
};

/** A process stands still for longer than its lease, and goes on. */
const stall: Step = {
  name: "stall",
  async act(claim, _run, { harness }) {
    await harness.store.renew(claim, atOnceMs);
    await harness.advance(passedMs);
  },
  holding: (record) => void (record.lapsed = true),
  notHolding: undefined,
  ends: false,
};

/** A process' own clock jumps ahead: its heartbeat comes early, and nothing else. */
const jump: Step = {
  name: "jump",
  async act(_claim, { clock, renewals }) {
    await clock.advance(leaseMs / 3);
    // The renewal goes through the store, which is not on that clock; then the claim hears of it.
    await Promise.all(renewals);
    await new Promise((resolve) => setImmediate(resolve));
  },
  holding: (record) => void (record.lapsed = false),
  notHolding: undefined,
  ends: false,
};

/** An answer is kept for so short a time that it is forgotten at once. */
const expire: Step = {
  name: "expire",
  async act(claim, run, { harness }) {
    claim.abandon();
    const bytes = Buffer.from(String(run.number));
    const kept = await harness.store.complete(claim, bytes, atOnceMs);
    await harness.advance(passedMs);
    return kept;
  },
  holding: (_record, key) => ((key.record = null), true),
  notHolding: false,
  ends: true,
};

/** One step of the run that was picked, among all that are not over. */
class Settle implements Command {
  readonly step: Step;
  readonly pick: number;

  constructor(step: Step, pick: number) {
    this.step = step;
    this.pick = pick;
  }

  check({ runs }: Readonly<Model>): boolean {
    return runs.some(({ claim }) => claim !== null);
  }

  async run({ keys, runs }: Model, real: Real): Promise<void> {
    const live = runs.filter(({ claim }) => claim !== null);
    const run = live[this.pick % live.length]!;
    const key = keys[run.key]!;
    const { record } = key;
    const claim = run.claim!;
    if (this.step.ends) run.claim = null;
    const holds = record?.holder === run && record.answer === null;
    // A heartbeat that found the claim lost has settled it, and a settled claim does nothing more.
    const given = await this.step.act(claim, run, real);
    const expected = holds ? this.step.holding(record, key, run) : this.step.notHolding;
    expect(given).toBe(expected);
  }

  toString(): string {
    return `${this.step.name}(run ${this.pick})`;
  }
}

const commands = [
  fc
    .tuple(
      fc.nat(1),
      fc.constantFrom("one", "one", "one", "another"),
      fc.constantFrom<Guarantee>("at-least-once", "at-most-once"),
    )
    .map(([key, fingerprint, guarantee]) => new Begin(key, fingerprint, guarantee)),
  ...[complete, release, crash, stall, jump, expire].map((step) =>
    fc.nat(3).map((pick) => new Settle(step, pick)),
  ),
];

/** Runs the engine over a store beside a plain model of it, and asserts that they do the same. */
export async function followsTheModel(harness: StoreHarness, numRuns: number): Promise<void> {
  const property = fc.asyncProperty(
    fc.commands([commands[0]!, ...commands], { maxCommands: 40, size: "max" }),
    async (steps) => {
      const model: Model = { keys: Array.from({ length: 2 }, () => ({ record: null })), runs: [] };
      const real: Real = { harness, scope: crypto.randomUUID() };
      try {
        await fc.asyncModelRun(() => ({ model, real }), steps);
      } finally {
        for (const { claim } of model.runs) claim?.abandon();
      }
    },
  );
  await fc.assert(property, { numRuns, seed: 1 });
}

/** The store, of which each renewal is noted. */
function heard(store: IdempotencyStore, renewals: Promise<boolean>[]): IdempotencyStore {
  return {
    claim: (request) => store.claim(request),
    renew(token, leaseMs) {
      const renewal = Promise.resolve(store.renew(token, leaseMs));
      renewals.push(renewal);
      return renewal;
    },
    complete: (token, answer, retentionMs) => store.complete(token, answer, retentionMs),
    release: (token) => store.release(token),
  };
}

function seen(beginning: ClaimOutcome): unknown {
  switch (beginning.action) {
    case "run":
      return ["run", beginning.claim.fence];
    case "replay":
      return ["replay", Buffer.from(beginning.response.body).toString()];
    case "refuse":
      return ["refuse", beginning.error.code];
  }
}
