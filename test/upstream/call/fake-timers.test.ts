import { Readable } from "node:stream";

import { afterEach, describe, expect, test, vi } from "vitest";

import { fakedTimers } from "../../support/clock/fake-timers.ts";
import { opened } from "../../testing/opened.ts";
import { client } from "../../support/upstream/client.ts";

afterEach(() => void vi.useRealTimers());

describe.each(fakedTimers)("%s under fake timers", (_name, config) => {
  test("calls of every kind get responses on reused connections", async () => {
    const server = await opened();
    const upstream = client();
    vi.useFakeTimers(config);
    for (let round = 0; round < 3; round += 1) {
      for (const body of [null, "text", Buffer.from("bytes"), Readable.from(["a", "stream"])]) {
        const init = { method: body === null ? "GET" : "POST", body, duplex: "half" } as const;
        const answer = await upstream(server.origin, init);
        expect(await answer.text()).toBe("ok");
        const { body: answered } = await upstream.request(server.origin, {
          method: "POST",
          body: "x",
        });
        expect(await answered.text()).toBe("ok");
      }
    }
    expect(server.requests).toHaveLength(24);
  }, 5000);

  test("calls wait in the queue, and are resent after a back-off", async () => {
    const server = await opened({
      faults: [
        { fault: "status", status: 503, times: 2 },
        { fault: "reset", on: "reused", times: 1 },
      ],
    });
    const upstream = client({ origins: { [server.origin]: { connections: 1 } } });
    vi.useFakeTimers(config);
    const calls = Array.from({ length: 5 }, async () => (await upstream(server.origin)).text());
    expect(await Promise.all(calls)).toEqual(["ok", "ok", "ok", "ok", "ok"]);
  }, 5000);

  test("an attempt ends when its own time is over", async () => {
    const server = await opened({ faults: [{ fault: "hang" }] });
    const upstream = client({ retry: { attemptTimeoutMs: 20 } });
    vi.useFakeTimers(config);
    await expect(upstream(server.origin, { method: "POST" })).rejects.toThrow();
  }, 5000);

  test("a client opened under fake timers is closed under them", async () => {
    const server = await opened();
    vi.useFakeTimers(config);
    const upstream = client();
    expect(await (await upstream(server.origin, { method: "POST" })).text()).toBe("ok");
    await upstream.close();
  }, 5000);
});
