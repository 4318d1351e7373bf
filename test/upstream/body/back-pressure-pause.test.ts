import { setImmediate } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { describe, expect, test } from "vitest";

import { letters } from "../../support/upstream/body-kinds.ts";
import { client } from "../../support/upstream/client.ts";
import { onHead, rawServer } from "../../support/upstream/servers/raw-server.ts";

type Controller = Dispatcher.DispatchController;

/** A handler that takes note of all it hears, and does as it is told at each step. */
class Listener implements Dispatcher.DispatchHandler {
  readonly events: string[] = [];
  readonly chunks: Buffer[] = [];
  readonly ended: Promise<void>;
  readonly #act: (controller: Controller, step: number) => void;
  #end: () => void = () => {};
  #steps = 0;

  constructor(act: (controller: Controller, step: number) => void) {
    this.#act = act;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  onRequestStart(): void {
    this.events.push("request");
  }

  onResponseStart(controller: Controller, status: number): void {
    this.events.push(`start ${status}`);
    this.#act(controller, this.#steps++);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.events.at(-1) !== "data") this.events.push("data");
    this.chunks.push(Buffer.from(chunk));
    this.#act(controller, this.#steps++);
  }

  onResponseEnd(): void {
    this.events.push("end");
    this.#end();
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.events.push(`error ${error.message}`);
    this.#end();
  }
}

const content = letters(60_000);
const pieces = Array.from({ length: 6 }, (_, at) =>
  content.subarray(at * 10_000, (at + 1) * 10_000),
);

/** Held: of a declared short length. Streamed: the same without one. */
const answers = ["held", "streamed"] as const;

async function listened(answer: (typeof answers)[number], listener: Listener): Promise<Listener> {
  const server = await rawServer((socket) => {
    onHead(socket, async () => {
      const length = answer === "held" ? "Content-Length: 60000" : "Transfer-Encoding: chunked";
      socket.write(`HTTP/1.1 200 OK\r\n${length}\r\n\r\n`);
      for (const piece of pieces) {
        await setImmediate();
        if (answer === "held") socket.write(piece);
        else socket.write(`2710\r\n${piece.toString()}\r\n`);
      }
      if (answer === "streamed") socket.write("0\r\n\r\n");
    });
  });
  client().dispatcher.dispatch({ origin: server.origin, path: "/", method: "GET" }, listener);
  await listener.ended;
  return listener;
}

const acts: readonly [string, (controller: Controller, step: number) => void][] = [
  ["never", () => {}],
  [
    "at every step, and goes on a turn later",
    (controller) => {
      controller.pause();
      void setImmediate().then(() => controller.resume());
    },
  ],
  [
    "at every step, and goes on a while later",
    (controller) => {
      controller.pause();
      // real time: a pause that lasts while chunks arrive
      setTimeout(() => controller.resume(), 5);
    },
  ],
  [
    "and goes on at once",
    (controller) => {
      controller.pause();
      controller.resume();
    },
  ],
  [
    "twice, and goes on twice",
    (controller) => {
      controller.pause();
      controller.pause();
      void setImmediate().then(() => {
        controller.resume();
        controller.resume();
      });
    },
  ],
  ["not, but goes on all the same", (controller) => controller.resume()],
];

describe.each(answers)("a %s response", (answer) => {
  test.each(acts)(
    "is given whole, in order and once to a handler that pauses %s",
    async (_when, act) => {
      const { events, chunks } = await listened(answer, new Listener(act));
      expect(events).toEqual(["request", "start 200", "data", "end"]);
      expect(Buffer.concat(chunks).equals(content)).toBe(true);
    },
  );

  test("is held back while the handler pauses", async () => {
    const seen: number[] = [];
    const listener: Listener = new Listener((controller, step) => {
      if (step > 1) return;
      controller.pause();
      // real time: a pause that lasts while chunks arrive
      setTimeout(() => {
        seen.push(listener.chunks.length);
        controller.resume();
      }, 40);
    });
    await listened(answer, listener);
    // After the head: none; after the first piece: that one.
    expect(seen).toEqual([0, 1]);
  });

  test.each([0, 1])(
    "is ended once if it is aborted at step %i, and nothing follows",
    async (at) => {
      const listener = new Listener((controller, step) => {
        if (step === at) controller.abort(new Error("enough"));
      });
      await listened(answer, listener);
      await setImmediate();
      const before = at === 0 ? ["request", "start 200"] : ["request", "start 200", "data"];
      expect(listener.events).toEqual([...before, "error enough"]);
      expect(listener.chunks.length).toBe(at);
    },
  );

  test.each([0, 1])("ends with one error for a handler that throws at step %i", async (at) => {
    const listener = new Listener((_controller, step) => {
      if (step === at) throw new Error("a bug");
    });
    await listened(answer, listener);
    await setImmediate();
    expect(listener.events.at(-1)).toBe("error a bug");
    expect(listener.events.filter((event) => event.startsWith("error"))).toHaveLength(1);
    expect(listener.chunks.length).toBe(at);
  });
});
