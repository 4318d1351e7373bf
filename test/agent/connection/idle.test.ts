import { access } from "node:fs/promises";
import type { Agent } from "node:http";
import { setImmediate as setImmediateCallback } from "node:timers";
import { setImmediate } from "node:timers/promises";

import { manualClock, spawnFaultyUpstream } from "@reissue/testing";
import { expect, onTestFinished, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { agentWith } from "../../support/agent/agents.ts";
import { begin, call, replyTo } from "../../support/agent/call.ts";
import { listening } from "../../support/listen.ts";
import { onHead, rawServer } from "../../support/upstream/servers/raw-server.ts";

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const post = { method: "POST", body: "x" } as const;

/** Waits until the agent has its sockets back. */
async function freed(agent: Agent, count = 1): Promise<void> {
  while (Object.values(agent.freeSockets).flat().length < count) await setImmediate();
}

test("a plain POST avoids connections that have been idle for longer than unsafeIdleMs", async () => {
  const clock = manualClock();
  const upstream = await opened();
  const agent = agentWith({ clock, unsafeIdleMs: 500 });
  await call(upstream.origin, { agent });
  await clock.advance(499);
  await call(upstream.origin, { agent, ...post });
  expect(upstream.connections).toBe(1);
  await clock.advance(501);
  await call(upstream.origin, { agent, ...post });
  expect(upstream.connections).toBe(2);
  await freed(agent, 2);
  await call(upstream.origin, { agent });
  expect(upstream.connections).toBe(2);
});

test.each(["lifo", "fifo"] as const)(
  "a plain POST takes the connection that was used last, with %s scheduling",
  async (scheduling) => {
    const clock = manualClock();
    const upstream = await opened();
    const agent = agentWith({ clock, unsafeIdleMs: 500 }, { scheduling });
    await Promise.all([call(upstream.origin, { agent }), call(upstream.origin, { agent })]);
    await freed(agent, 2);
    await clock.advance(400);
    await call(upstream.origin, { agent });
    await freed(agent, 2);
    await clock.advance(400);
    await call(upstream.origin, { agent, ...post });
    expect(upstream.connections).toBe(2);
  },
);

test("connections are closed once they have been idle for idleMs", async () => {
  const clock = manualClock();
  const upstream = await opened();
  const agent = agentWith({ clock, idleMs: 2000 });
  await call(upstream.origin, { agent });
  await freed(agent);
  await clock.advance(1500);
  expect(upstream.open).toBe(1);
  await clock.advance(1000);
  await expect.poll(() => upstream.open).toBe(0);
});

test.each(["timeout=3", "max=100, Timeout=3"])(
  "a hint of %j lowers the idle limit",
  async (keepAliveHint) => {
    const clock = manualClock();
    const upstream = await opened({ keepAliveHint });
    const agent = agentWith({ clock });
    await call(upstream.origin, { agent });
    await freed(agent);
    await clock.advance(2001);
    await call(upstream.origin, { agent });
    expect(upstream.connections).toBe(2);
  },
);

test("a hint of less than the buffer closes the connection at once", async () => {
  const upstream = await opened({ keepAliveHint: "timeout=1" });
  const agent = agentWith();
  await call(upstream.origin, { agent });
  await call(upstream.origin, { agent });
  expect(upstream.connections).toBe(2);
});

test("connections that die at similar ages teach the limit", async () => {
  const clock = manualClock();
  const upstream = await opened();
  const agent = agentWith({ clock });
  for (let round = 0; round < 2; round += 1) {
    await call(upstream.origin, { agent });
    await freed(agent);
    await clock.advance(800);
    upstream.script([{ fault: "reset" }]);
    await call(upstream.origin, { agent });
    await freed(agent);
    await clock.advance(100);
  }
  const { connections } = upstream;
  await clock.advance(700);
  await call(upstream.origin, { agent });
  expect(upstream.connections).toBe(connections + 1);
});

test("a close that came while the event loop was blocked is noticed before a plain POST is written", async () => {
  const upstream = await spawnFaultyUpstream({ idleTimeoutMs: 20 });
  onTestFinished(() => upstream.close());
  const agent = agentWith();
  for (let round = 0; round < 5; round += 1) {
    await call(upstream.origin, { agent });
    await freed(agent);
    // The FIN is in the kernel and the loop has not read it; this is its poll phase, where the next turn may be too early.
    await access(import.meta.filename);
    // real time: the loop must stand still while the kernel receives the FIN
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
    const { status } = await call(upstream.origin, { agent, ...post });
    expect(status).toBe(200);
  }
  expect((await upstream.stats()).late).toBe(0);
});

test("a client that ends its request a turn after its write is done keeps the connection", async () => {
  const upstream = await spawnFaultyUpstream();
  onTestFinished(() => upstream.close());
  const agent = agentWith();
  for (let round = 0; round < 5; round += 1) {
    await call(upstream.origin, { agent });
    await freed(agent);
    const headers = { "content-length": 1 };
    const request = begin(upstream.origin, { agent, method: "POST", headers });
    request.write("x", () => {
      // real time: a response to what was sent must be there before the loop turns
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      setImmediateCallback(() => request.end());
    });
    const { status } = await replyTo(request);
    // As got does, whether or not the request has ended.
    request.destroy();
    expect(status).toBe(200);
  }
  expect((await upstream.stats()).connections).toBe(1);
});

test("a body that its owner changes once its write is done is sent as it was written", async () => {
  const origin = await listening((request, response) => void request.pipe(response));
  const agent = agentWith();
  await call(origin, { agent, ...post });
  await freed(agent);
  const body = Buffer.from("as it was");
  const headers = { "content-length": body.length };
  const request = begin(origin, { agent, method: "POST", headers });
  request.write(body, () => {
    body.fill("x");
    request.end();
  });
  expect((await replyTo(request)).body).toBe("as it was");
  expect(request.reusedSocket).toBe(true);
});

test("bytes on an idle connection are no response to the next request", async () => {
  const upstream = await rawServer((socket, number) => {
    onHead(socket, () => {
      socket.write(ok);
      // real time: the second response must arrive after the first has been read
      if (number === 1) setTimeout(() => socket.write(ok.replace("ok", "no")), 5);
    });
  });
  const agent = agentWith();
  await call(upstream.origin, { agent });
  await upstream.until(() => upstream.open.size === 0);
  const { body } = await call(upstream.origin, { agent });
  expect(body).toBe("ok");
  expect(upstream.connections).toBe(2);
});
