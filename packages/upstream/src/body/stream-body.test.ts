import { once } from "node:events";
import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";

import { describe, expect, test } from "vitest";

import { classifyStream } from "./body-kind.ts";
import { BodyMemory } from "./body-memory.ts";
import { sourceOf } from "./source/source-of.ts";
import { StreamBody } from "./stream-body.ts";

function streamBody(value: object, maxBytes: number, memory: BodyMemory): StreamBody {
  return new StreamBody(sourceOf(value, classifyStream(value)!), maxBytes, memory);
}

async function text(chunks: AsyncIterable<Uint8Array | string>): Promise<string> {
  let whole = "";
  for await (const chunk of chunks) whole += Buffer.from(chunk as string).toString();
  return whole;
}

async function* letters(...chunks: string[]): AsyncGenerator<string> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

describe("the record of a stream", () => {
  test.each<[string, () => object]>([
    ["a Node stream", () => Readable.from(["ab", "cd"])],
    ["a web stream", () => Readable.toWeb(Readable.from(["ab", "cd"])) as ReadableStream],
    ["an async generator", () => letters("ab", "cd")],
    ["an array", () => ["ab", "cd"]],
  ])("can be read any number of times if its source is %s", async (_kind, source) => {
    const memory = new BodyMemory(100);
    const body = streamBody(source(), 4, memory);
    for (let round = 0; round < 3; round += 1) expect(await text(body.open())).toBe("abcd");
    expect(body.replayable).toBe(true);
    expect(memory.used).toBe(4);
    body.release();
    expect(memory.used).toBe(0);
  });

  test("is dropped above the limit, and the reader continues to the end", async () => {
    const memory = new BodyMemory(100);
    const body = streamBody(letters("ab", "cd", "e"), 4, memory);
    expect(await text(body.open())).toBe("abcde");
    expect(body.replayable).toBe(false);
    expect(memory.used).toBe(0);
  });

  test("is dropped when other records hold all the memory, and frees its own at once", async () => {
    const memory = new BodyMemory(5);
    const first = streamBody(letters("abc"), 4, memory);
    const second = streamBody(letters("d", "e", "f"), 4, memory);
    await text(first.open());
    expect(await text(second.open())).toBe("def");
    expect([first.replayable, second.replayable]).toEqual([true, false]);
    expect(memory.used).toBe(3);
    first.release();
    second.release();
    expect(memory.used).toBe(0);
  });

  test("is needed to replay a body, unless that is unread", async () => {
    const body = streamBody(letters("ab"), 0, new BodyMemory(100));
    body.open();
    expect(body.replayable).toBe(true);
    await body.open().next();
    expect(body.replayable).toBe(false);
  });
});

test("a body that exceeds the limit while the next attempt waits is never sent short", async () => {
  const body = streamBody(letters("ab", "cd", "ef"), 4, new BodyMemory(100));
  const first = body.open();
  for (let taken = 0; taken < 2; taken += 1) await first.next();
  expect(body.replayable).toBe(true);
  // Undici asks once more before it notices that the connection is dead.
  await first.next();
  const second = text(body.open());
  const outcome = await second.then(
    (whole) => whole,
    () => "refused",
  );
  expect(["abcdef", "refused"]).toContain(outcome);
});

test("the error of the source goes to the reader, and ends the record", async () => {
  const broken = new Error("disk full");
  const memory = new BodyMemory(100);
  const body = streamBody(
    (async function* () {
      yield await Promise.resolve("ab");
      throw broken;
    })(),
    100,
    memory,
  );
  await expect(text(body.open())).rejects.toBe(broken);
  expect(body.replayable).toBe(false);
  body.release();
  expect(memory.used).toBe(0);
});

test("a falsy error is replaced by a real one", async () => {
  const broken = new ReadableStream<string>({ pull: () => Promise.reject() });
  const body = streamBody(broken, 100, new BodyMemory(100));
  const error = await text(body.open()).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  expect(body.failedWith(error)).toBe(true);
});

test("the body for undici fails where it is cut, and ends where the body ends", async () => {
  const body = streamBody(letters("ab", "cd"), 100, new BodyMemory(100));
  const first = body.send();
  await first.next();
  expect(await text(body.send())).toBe("abcd");
  await expect(first.next()).rejects.toThrow();
  const waiting = streamBody(new Readable({ read() {} }), 100, new BodyMemory(100));
  const pending = waiting.send().next();
  waiting.stop();
  await expect(pending).rejects.toThrow();
});

describe("release", () => {
  test("destroys an unread Node stream", async () => {
    const source = Readable.from(["a"]);
    streamBody(source, 10, new BodyMemory(10)).release();
    await once(source, "close");
    expect(source.destroyed).toBe(true);
  });

  test("cancels a web stream, also during a read", async () => {
    for (const read of [false, true]) {
      let cancelled = false;
      const source = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
      const body = streamBody(source, 10, new BodyMemory(10));
      if (read) void body.open().next();
      await setImmediate();
      body.release();
      await setImmediate();
      expect({ read, cancelled }).toEqual({ read, cancelled: true });
    }
  });

  test("lets a generator run its finally block", async () => {
    let closed = false;
    async function* source(): AsyncGenerator<string> {
      try {
        yield await Promise.resolve("a");
        yield "b";
      } finally {
        closed = true;
      }
    }
    const body = streamBody(source(), 10, new BodyMemory(10));
    await body.open().next();
    body.release();
    await setImmediate();
    expect(closed).toBe(true);
  });

  test("holds no memory, whatever a pending read brings", async () => {
    const memory = new BodyMemory(100);
    const body = streamBody(letters("ab", "cd"), 100, memory);
    const reader = body.open();
    await reader.next();
    const pending = reader.next();
    body.release();
    await pending;
    await setImmediate();
    expect(memory.used).toBe(0);
  });

  test("leaves a source alone that has ended", async () => {
    const source = Readable.from(["a"], { autoDestroy: false });
    const body = streamBody(source, 10, new BodyMemory(10));
    await text(body.open());
    body.release();
    expect(body.replayable).toBe(false);
  });
});

test("an error of an unread Node stream is caught, and given to the reader", async () => {
  const source = new Readable({ read() {} });
  const body = streamBody(source, 10, new BodyMemory(10));
  const reader = body.open();
  // Without a listener this would end the process.
  expect(source.listenerCount("error")).toBeGreaterThan(0);
  source.on("error", () => {});
  source.destroy(new Error("no such file"));
  await setImmediate();
  await expect(reader.next()).rejects.toThrow("no such file");
});
