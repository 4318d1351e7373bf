import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { pipeline, Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import type { AdapterCall, AdapterCase } from "./adapter-case.ts";
import { serving, until, type KeyedService } from "./keyed-service.ts";

/** Ways to send a response other than a string. */
const ways: readonly (readonly [name: string, respond: (response: ServerResponse) => unknown])[] = [
  ["written", (response) => (response.write("do"), response.end("ne"))],
  ["piped", (response) => Readable.from(["do", "ne"]).pipe(response)],
  ["a pipeline", (response) => pipeline(Readable.from(["do", "ne"]), response, () => {})],
];

/** Cases about the key of a run that does not end with a response to its client. */
export const unfinishedCases: readonly AdapterCase[] = [
  {
    name: "an error of the service frees its key",
    async run(harness) {
      await serving(harness, { run: failing(new Error("a bug")) }, async (service) => {
        const responses = [await service.post(), await service.post(), await service.post()];
        assert.deepEqual(
          responses.map(({ status }) => status),
          [500, 200, 200],
        );
        assert.equal(service.runs, 2);
      });
    },
  },
  {
    name: "a failure of its upstream is retryable, since its key is deduplicated",
    async run(harness) {
      const reset = { code: "ECONNRESET", syscall: "read" };
      const run = failing(Object.assign(new Error("read ECONNRESET"), reset));
      await serving(harness, { run }, async (service) => {
        const failed = await service.post();
        assert.deepEqual([failed.status, failed.headers.get("x-should-retry")], [502, "true"]);
        assert.equal((await service.post()).status, 200);
      });
    },
  },
  {
    name: "a failure ends the key where the handler may run only once",
    async run(harness) {
      const reset = { code: "ECONNRESET", syscall: "read" };
      const run = failing(Object.assign(new Error("read ECONNRESET"), reset));
      const idempotency = { guarantee: "at-most-once" } as const;
      await serving(harness, { run, idempotency }, async (service) => {
        const responses = [await service.post(), await service.post()];
        assert.deepEqual(
          responses.map(({ status, headers }) => [status, headers.get("x-should-retry")]),
          [
            [500, "false"],
            [409, "false"],
          ],
        );
        assert.equal(service.events.at(-1), "outcome-unknown");
        assert.equal(service.runs, 1);
      });
    },
  },
  {
    name: "a client that disconnected gets its response when it retries",
    async run(harness) {
      const run = async ({ response }: AdapterCall): Promise<string> => {
        await closed(response);
        // By then the framework has noticed the disconnect too.
        await sleep(50);
        return "done";
      };
      await serving(harness, { run }, leaveAndComeAgain);
    },
  },
  ...ways.map(([name, respond]): AdapterCase => ({
    name: `a client that disconnected gets its response when it retries: ${name}`,
    async run(harness) {
      const run = async ({ response }: AdapterCall): Promise<null> => {
        await closed(response);
        // Koa's status is 404 until there is a body.
        response.statusCode = 200;
        respond(response);
        return null;
      };
      await serving(harness, { run }, leaveAndComeAgain);
    },
  })),
  {
    name: "a response that its handler destroys after the client has disconnected ends its key, and nothing else",
    async run(harness) {
      const run = async ({ response }: AdapterCall): Promise<null> => {
        await closed(response);
        response.destroy(new Error("cut"));
        return null;
      };
      await serving(harness, { run }, async (service) => {
        await service.leave();
        await until("its key is ended", () => service.events.includes("completed"));
        assert.equal((await service.post()).status, 409);
        assert.equal(service.runs, 1);
      });
    },
  },
  {
    name: "a client that disconnected gets no response that is too large to store, and nothing runs again",
    async run(harness) {
      let isOver = false;
      const run = async ({ response }: AdapterCall): Promise<null> => {
        await closed(response);
        const source = Readable.from(endless());
        source.on("close", () => (isOver = true));
        pipeline(source, response, () => {});
        return null;
      };
      await serving(harness, { run, idempotency: { maxAnswerBytes: 1000 } }, async (service) => {
        await service.leave();
        await until("its stream is ended", () => isOver);
        assert.equal((await service.post()).status, 409);
        assert.equal(service.runs, 1);
      });
    },
  },
  {
    name: "a handler that destroys its response before any of it was sent frees its key",
    async run(harness) {
      const run = ({ response }: AdapterCall, number: number): string | null => {
        if (number > 1) return "done";
        response.destroy(new Error("cut"));
        return null;
      };
      await serving(harness, { run }, async (service) => {
        await assert.rejects(service.post());
        await until("its key is free", () => service.events.includes("released"));
        assert.equal((await service.post()).text, "done");
      });
    },
  },
  {
    name: "a body that is shorter than declared is not replayed as if it were complete",
    async run(harness) {
      const run = ({ response }: AdapterCall): null => {
        response.setHeader("content-length", 9).setHeader("connection", "close").end("short");
        return null;
      };
      await serving(harness, { run }, async (service) => {
        await assert.rejects(service.post());
        const again = await service.post();
        assert.deepEqual([again.status, again.headers.get("x-should-retry")], [409, "false"]);
        assert.equal(service.runs, 1);
      });
    },
  },
  {
    name: "a handler that never responds holds its key for maxRunMs and a lease",
    async run(harness) {
      let isOver = false;
      const run = (call: AdapterCall, number: number): Promise<string | null> => {
        if (number === 1) call.response.once("close", () => (isOver = true));
        return leftOnce(call, number);
      };
      await serving(harness, { run, idempotency: brief }, async (service) => {
        await service.leave();
        assert.equal((await service.post()).status, 409);
        await until("its lease is over", async () => (await service.post()).status === 200);
        assert.equal(service.runs, 2);
        await until("its response is closed, although it is not read", () => isOver);
      });
    },
  },
  {
    name: "a handler that never responds ends its key where it may run only once",
    async run(harness) {
      const idempotency = { ...brief, guarantee: "at-most-once" } as const;
      await serving(harness, { run: leftOnce, idempotency }, async (service) => {
        await service.leave();
        const shouldRetry = async (): Promise<string | null> => {
          const { status, headers } = await service.post();
          assert.equal(status, 409);
          return headers.get("x-should-retry");
        };
        assert.equal(await shouldRetry(), "true");
        await until("its lease is over", async () => (await shouldRetry()) === "false");
        assert.equal(service.events.at(-1), "outcome-unknown");
        assert.equal(service.runs, 1);
      });
    },
  },
  {
    name: "a route whose timeout has responded leaves the key to its lease",
    async run(harness) {
      let respond = (): void => {};
      const responded = new Promise<void>((resolve) => (respond = resolve));
      let isDone = false;
      const run = async (): Promise<string> => {
        await responded;
        isDone = true;
        return "late";
      };
      await serving(harness, { run, route: { timeoutMs: 250 } }, async (service) => {
        try {
          const late = await service.post();
          assert.deepEqual([late.status, late.headers.get("x-should-retry")], [504, "true"]);
          assert.equal((await service.post()).status, 409);
          assert.deepEqual(service.events, ["claimed", "abandoned", "in-flight"]);
        } finally {
          respond();
        }
        await until("its handler is done", () => isDone);
        await sleep(50);
        assert.equal((await service.post()).status, 409);
        assert.equal(service.runs, 1);
      });
    },
  },
];

/** Options for a claim that ends in less than a second, and is never renewed. */
const brief = { storeTimeoutMs: 250, leaseMs: 750, maxRunMs: 0 };

async function leaveAndComeAgain(service: KeyedService): Promise<void> {
  await service.leave();
  await until("its response is stored", () => service.events.includes("completed"));
  const { status, replayed, text } = await service.post();
  assert.deepEqual([status, replayed, text], [200, true, "done"]);
  assert.equal(service.runs, 1);
}

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(500);
}

/** Throws at the first run. */
function failing(error: Error): (call: AdapterCall, number: number) => string {
  return (_call, number) => {
    if (number === 1) throw error;
    return "done";
  };
}

/** Never responds at the first run. */
async function leftOnce({ response }: AdapterCall, number: number): Promise<string | null> {
  if (number > 1) return "done";
  await closed(response);
  return null;
}

/** Waits until the client has disconnected; the response does not tell, since it goes on. */
async function closed({ req: { socket } }: AdapterCall["response"]): Promise<void> {
  await once(socket, "close", { signal: AbortSignal.timeout(10_000) });
}
