import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { createServer, type AddressInfo, type Socket } from "node:net";

import { classify } from "@reissue/core";
import createError from "http-errors";
import { describe, expect, onTestFinished, test } from "vitest";

import { opened } from "../testing/opened.ts";
import { eventLog } from "../support/upstream/event-log.ts";
import { frameworks, type Running, type Start } from "../support/frameworks/frameworks.ts";

/** A client that leaves once it is told to. */
function leaving({ origin }: Running, method = "GET"): () => void {
  const request = httpRequest(`${origin}/orders`, { method })
    .on("error", () => {})
    .end();
  return () => void request.destroy();
}

/** Waits until something holds that nothing tells of. */
function poll<Value>(read: () => Value): ReturnType<typeof expect.poll<Value>> {
  return expect.poll(read, { timeout: 20_000, interval: 5 });
}

describe.each(frameworks)("%s", (_, start: Start) => {
  test("the disconnect aborts safe calls, lets unsafe ones end, and nothing is written", async () => {
    const orders = await opened({ respond: { delayMs: 300 } });
    const log = eventLog();
    const sockets: Socket[] = [];
    let outcomes: string[] = [];
    const service = await start({
      async run({ upstream, request }) {
        sockets.push(request.socket);
        const calls = ["GET", "HEAD", "POST", "PUT"].map((method) =>
          upstream(orders.origin, { method }),
        );
        const settled = await Promise.allSettled(calls);
        outcomes = settled.map((each) =>
          each.status === "fulfilled" ? "ended" : classify(each.reason).kind,
        );
        await calls[0];
      },
    });
    const leave = leaving(service);
    await orders.until(({ heads }) => heads === 4);
    leave();
    await poll(() => outcomes).toEqual(["aborted", "aborted", "ended", "ended"]);
    // Time in which a late response would be written.
    // real time: shows that nothing more is written, which no event announces
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sockets.map(({ bytesWritten }) => bytesWritten)).toEqual([0]);
    for (const error of service.errors) expect(createError.isHttpError(error)).toBe(false);
    const errors = log.records.flatMap(({ error }) => error ?? []);
    expect(errors.map((error) => classify(error).kind)).toEqual(["aborted", "aborted"]);
    expect(log.decisions.filter(({ decision }) => decision.reason !== "aborted")).toEqual([]);
    expect(orders.received).toBe(4);
  });

  test.each([false, true])(
    "a failure of the upstream after it is not translated, with or without problem details: %s",
    async (problemDetails) => {
      const sockets: Socket[] = [];
      const failed = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
      const service = await start({
        gate: { problemDetails },
        async run({ request, response }) {
          sockets.push(request.socket);
          await once(response, "close");
          throw failed;
        },
      });
      const leave = leaving(service);
      await poll(() => sockets.length).toBe(1);
      leave();
      await poll(() => service.errors).toEqual([failed]);
      expect(service.errors[0]).toBe(failed);
      expect(sockets[0]?.bytesWritten).toBe(0);
    },
  );

  test("the disconnect during a connect starts no outage of the upstream", async () => {
    let connections = 0;
    // Takes connections, and never says a word of TLS.
    const silent = createServer((socket) => {
      connections += 1;
      onTestFinished(() => void socket.destroy());
      socket.on("error", () => {});
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void silent.close());
    await once(silent, "listening");
    const origin = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const log = eventLog();
    let settled = 0;
    const service = await start({
      // An outage that is longer holds back all but one; it would be forgotten after 500 ms.
      upstream: { retry: { unsentWindowMs: 100, maxAttempts: 1 } },
      async run({ upstream }) {
        await upstream(origin).finally(() => (settled += 1));
      },
    });
    const leave = leaving(service);
    await poll(() => connections).toBe(1);
    // real time: longer than unsentWindowMs, by the system clock of the service
    await new Promise((resolve) => setTimeout(resolve, 110));
    leave();
    await poll(() => settled).toBe(1);
    const others = [leaving(service), leaving(service)];
    await poll(() => connections).toBe(3);
    expect(settled).toBe(1);
    for (const leaveToo of others) leaveToo();
    await poll(() => settled).toBe(3);
    expect(log.decisions.filter(({ decision }) => decision.reason !== "aborted")).toEqual([]);
  });
});
