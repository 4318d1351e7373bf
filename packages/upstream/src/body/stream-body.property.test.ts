import fc from "fast-check";
import { expect, test } from "vitest";

import { BodyMemory } from "./body-memory.ts";
import { sourceOf } from "./source/source-of.ts";
import { StreamBody } from "./stream-body.ts";

/** What a source yields: so many bytes, after so many turns of the promise queue. */
interface Piece {
  readonly bytes: number;
  readonly turns: number;
  readonly text: boolean;
}

/** One attempt: takes so many chunks, then dies, perhaps while it waits for the next one. */
interface Death {
  readonly takes: number;
  readonly waiting: boolean;
  /** Turns of the promise queue until the next attempt. */
  readonly turns: number;
}

const pieces = fc.array(fc.record({ bytes: fc.nat(9), turns: fc.nat(6), text: fc.boolean() }), {
  maxLength: 20,
});
const death: fc.Arbitrary<Death> = fc.record({
  takes: fc.nat(12),
  waiting: fc.boolean(),
  turns: fc.nat(8),
});
const deaths = fc.array(death, { maxLength: 5 });

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
}

/** A source that numbers its bytes, and tells how many it has given. */
class Source {
  givenBytes = 0;
  closed = false;
  readonly #plan: readonly Piece[];

  constructor(plan: readonly Piece[]) {
    this.#plan = plan;
  }

  static whole(plan: readonly Piece[]): string {
    const total = plan.reduce((sum, { bytes }) => sum + bytes, 0);
    return Source.#content(0, total).toString("latin1");
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array | string> {
    try {
      for (const { bytes, turns: wait, text } of this.#plan) {
        await turns(wait);
        const chunk = Source.#content(this.givenBytes, bytes);
        this.givenBytes += bytes;
        yield text ? chunk.toString("latin1") : chunk;
      }
    } finally {
      this.closed = true;
    }
  }

  static #content(from: number, bytes: number): Buffer {
    return Buffer.from(Array.from({ length: bytes }, (_, index) => 32 + ((from + index) % 90)));
  }
}

async function rest(reader: AsyncGenerator<Uint8Array | string>): Promise<string> {
  let text = "";
  for await (const chunk of reader) text += Buffer.from(chunk as string).toString("latin1");
  return text;
}

test("each attempt gets the whole body once and in order, or is refused, however the earlier ones die", async () => {
  const caps = fc.record({ maxBytes: fc.nat(120), total: fc.nat(150) });
  await fc.assert(
    fc.asyncProperty(pieces, deaths, caps, async (plan, plannedDeaths, { maxBytes, total }) => {
      const memory = new BodyMemory(total);
      const source = new Source(plan);
      const body = new StreamBody(sourceOf(source, "iterable"), maxBytes, memory);
      const cap = Math.min(maxBytes, total);
      let refused = false;
      for (const death of plannedDeaths) {
        const reader = body.open();
        let text = "";
        for (let taken = 0; taken < death.takes; taken += 1) {
          const next = await reader.next();
          if (next.done === true) break;
          text += Buffer.from(next.value as string).toString("latin1");
        }
        expect(Source.whole(plan).startsWith(text)).toBe(true);
        // As undici leaves it: a read may be under way when the connection dies.
        const last = death.waiting ? reader.next() : null;
        await turns(death.turns);
        expect(memory.used).toBeLessThanOrEqual(Math.min(source.givenBytes, cap));
        if (!body.replayable) {
          expect(source.givenBytes).toBeGreaterThan(cap);
          expect(memory.used).toBe(0);
          refused = true;
          await last;
          break;
        }
        void last?.then(() => reader.return(undefined));
      }
      if (!refused) expect(await rest(body.open())).toBe(Source.whole(plan));
      body.release();
      expect(memory.used).toBe(0);
      await turns(12);
      expect(source.closed || source.givenBytes === 0).toBe(true);
      expect(memory.used).toBe(0);
    }),
    { numRuns: 200 },
  );
});

test("an attempt that is overtaken while it waits takes nothing from its successor", async () => {
  await fc.assert(
    fc.asyncProperty(pieces, fc.nat(12), fc.nat(6), async (plan, takes, wait) => {
      const body = new StreamBody(
        sourceOf(new Source(plan), "iterable"),
        1000,
        new BodyMemory(1000),
      );
      const first = body.open();
      for (let taken = 0; taken < takes; taken += 1) await first.next();
      const pending = first.next();
      await turns(wait);
      const second = rest(body.open());
      await pending;
      expect(await first.next()).toEqual({ done: true, value: undefined });
      expect(await second).toBe(Source.whole(plan));
    }),
    { numRuns: 200 },
  );
});
