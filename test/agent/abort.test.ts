import { once } from "node:events";
import { setImmediate } from "node:timers/promises";

import { manualClock } from "@reissue/testing";
import { describe, expect, test } from "vitest";

import { opened } from "../testing/opened.ts";
import { agentWith } from "../support/agent/agents.ts";
import { begin, call, failure, replyTo } from "../support/agent/call.ts";
import { freePort } from "../support/free-port.ts";
import { onHead, rawServer } from "../support/upstream/servers/raw-server.ts";

describe.each(["GET", "POST"])("a %s that is aborted", (method) => {
  test("fails before it has a socket", async () => {
    const upstream = await opened();
    const request = begin(upstream.origin, { agent: agentWith(), method });
    const failed = failure(replyTo(request));
    request.destroy();
    expect((await failed).code).toBe("ECONNRESET");
    expect(upstream.requests).toEqual([]);
  });

  test("fails while it connects, and is not sent", async () => {
    const upstream = await opened();
    const request = begin(upstream.origin, { agent: agentWith(), method });
    const failed = failure(replyTo(request));
    request.end("x");
    await once(request, "socket");
    request.destroy(new TypeError("mine"));
    const error = await failed;
    expect(error.message).toBe("mine");
    expect(error).not.toHaveProperty("reissue");
  });

  test("fails during a back-off, and is not resent", async () => {
    const clock = manualClock();
    const request = begin(`http://127.0.0.1:${await freePort()}`, {
      agent: agentWith({ clock }),
      method,
    });
    const failed = failure(replyTo(request));
    request.end("x");
    while (clock.nextMs === null) await setImmediate();
    request.destroy();
    const { code, reissue } = await failed;
    expect(code).toBe("ECONNRESET");
    expect(reissue).toMatchObject({ delivery: "unsent", reason: "aborted" });
    expect(clock.nextMs).toBeNull();
  });

  test("leaves its turn behind maxSockets to the next request", async () => {
    const upstream = await opened();
    upstream.script([{ fault: "slow", everyMs: 5 }]);
    const agent = agentWith({}, { maxSockets: 1 });
    const first = call(upstream.origin, { agent });
    const request = begin(upstream.origin, { agent, method });
    const failed = failure(replyTo(request));
    request.end("x");
    const last = call(upstream.origin, { agent });
    request.destroy();
    await first;
    expect((await failed).code).toBe("ECONNRESET");
    expect((await last).status).toBe(200);
    expect(upstream.requests).toHaveLength(2);
  });

  test("fails once it is written", async () => {
    const upstream = await opened();
    const agent = agentWith();
    await call(upstream.origin, { agent });
    upstream.script([{ fault: "hang" }]);
    const request = begin(upstream.origin, { agent, method });
    const failed = failure(replyTo(request));
    request.end("x");
    await expect.poll(() => upstream.requests.length).toBe(2);
    request.destroy();
    expect((await failed).code).toBe("ECONNRESET");
    expect(upstream.connections).toBe(1);
  });

  test("fails after a resend if its signal aborts", async () => {
    const upstream = await rawServer((socket, number) => {
      onHead(socket, () => {
        if (number === 2) return;
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        onHead(socket, () => socket.resetAndDestroy());
      });
    });
    const agent = agentWith({ policyFor: () => ({ retryOn: ["reset"] }) });
    await call(upstream.origin, { agent });
    const controller = new AbortController();
    const request = begin(upstream.origin, { agent, method, signal: controller.signal });
    const failed = failure(replyTo(request));
    request.end("x");
    await upstream.until(({ received }) => received[1]?.includes("\r\n\r\n") === true);
    controller.abort();
    expect((await failed).name).toBe("AbortError");
    await upstream.until(() => upstream.open.size === 0);
  });

  test("fails during its response, and is sent once", async () => {
    const upstream = await opened();
    const agent = agentWith();
    upstream.script([{ fault: "slow", from: "body", chunkBytes: 1, everyMs: 50 }]);
    const request = begin(upstream.origin, { agent, method });
    request.end("x");
    const [response] = await once(request, "response");
    const failed = once(response, "error");
    request.destroy();
    expect((await failed)[0].code).toBe("ECONNRESET");
    expect(upstream.requests).toHaveLength(1);
  });
});

describe("the client's timeout", () => {
  test.each([
    ["as an option", 200],
    ["by setTimeout", undefined],
  ])("%s still holds for a request that is sent again", async (_name, timeout) => {
    const upstream = await opened();
    const agent = agentWith();
    await call(upstream.origin, { agent });
    upstream.script([{ fault: "reset" }, { fault: "hang" }]);
    const request = begin(upstream.origin, { agent, timeout });
    if (timeout === undefined) request.setTimeout(200);
    request.on("timeout", () => request.destroy(new Error("too long")));
    const failed = failure(replyTo(request));
    request.end();
    expect((await failed).message).toBe("too long");
    expect(upstream.connections).toBe(2);
  });

  test("ends a back-off", async () => {
    const request = begin(`http://127.0.0.1:${await freePort()}`, {
      agent: agentWith({ retry: { backOff: { baseMs: 100_000, capMs: 100_000 } } }),
      timeout: 30,
    });
    request.on("timeout", () => request.destroy(new Error("too long")));
    const failed = failure(replyTo(request));
    request.end();
    expect((await failed).message).toBe("too long");
  });
});
