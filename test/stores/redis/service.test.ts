import { connect } from "node:net";
import { createInterface } from "node:readline";

import type { IdempotencyStore } from "@reissue/core";
import { redisStore } from "@reissue/store-redis";
import { deduplicationConformance } from "@reissue/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { standalone, type Connected } from "./clients.ts";
import { RedisServer } from "./server.ts";
import { serve } from "../serve.ts";

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});

afterAll(() => server?.stop());

describe("a service", () => {
  let connected: Connected;

  beforeAll(async () => {
    connected = await standalone["node-redis"]!(server.port);
  });

  afterAll(() => connected?.close());

  for (const { name, run } of deduplicationConformance) {
    test(name, () => run({ store: redisStore({ client: connected.client }), start: serve }));
  }
});

test.each(Object.entries(standalone))(
  "a first request over %s takes two round trips, and a replay takes one",
  async (_library, connectTo) => {
    const connected = await connectTo(server.port);
    onTestFinished(() => connected.close());
    const post = await posting(redisStore({ client: connected.client }));
    // The server learns the scripts.
    expect(await post(crypto.randomUUID())).toBe("first");
    const key = crypto.randomUUID();
    const first = await commandsDuring(async () => expect(await post(key)).toBe("first"));
    expect(first).toEqual(["evalsha", "evalsha"]);
    const replay = await commandsDuring(async () => expect(await post(key)).toBe("replay"));
    expect(replay).toEqual(["evalsha"]);
  },
);

/** A service that answers "done"; what is given posts a key to it, and tells how it was answered. */
async function posting(store: IdempotencyStore): Promise<(key: string) => Promise<string>> {
  const run = (): string => "done";
  const service = await serve({ idempotency: { store, scope: "shared" }, route: {}, run });
  onTestFinished(() => service.close());
  return async (key) => {
    const headers = { "idempotency-key": key };
    const answer = await fetch(service.origin, { method: "POST", body: "pay", headers });
    expect(await answer.text()).toBe("done");
    return answer.headers.get("idempotent-replayed") === "true" ? "replay" : "first";
  };
}

/** What the server was sent meanwhile, as MONITOR tells it; not what its scripts did. */
async function commandsDuring(action: () => Promise<void>): Promise<string[]> {
  const socket = connect(server.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const lines = createInterface(socket)[Symbol.asyncIterator]();
  socket.write("MONITOR\r\n");
  expect((await lines.next()).value).toBe("+OK");
  await action();
  await server.cli("ECHO", "end");
  const commands: string[] = [];
  for await (const line of lines) {
    const [, source, command = ""] = /^\+[\d.]+ \[\d+ (\S+)\] "(\w+)"/.exec(line) ?? [];
    if (command.toLowerCase() === "echo") break;
    if (source !== "lua") commands.push(command.toLowerCase());
  }
  return commands;
}
