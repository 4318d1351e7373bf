import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";

import { memoryStore } from "@reissue/core";
import { drain, keepAlive, reissue } from "@reissue/express";
import { faultyUpstream, manualClock } from "@reissue/testing";
import { createUpstream } from "@reissue/upstream";
import { HttpAgent } from "@reissue/agent";
import express from "express";
import { onTestFinished, vi } from "vitest";

import { call } from "../agent/call.ts";

/** Told how to end what was opened. */
type OnOpen = (close: () => unknown) => void;

/**
 * Has a client, an agent, a gate and a server do whatever metrics tell of: races healed and lost, retried statuses,
 * connections that an upstream closes, keys, translated failures, a drain. In the end nothing is under way.
 */
export async function everyEvent(onOpen: OnOpen = closeWithTest): Promise<void> {
  await byClient(onOpen);
  await byAgent(onOpen);
  await byGate(onOpen);
}

function closeWithTest(close: () => unknown): void {
  onTestFinished(async () => void (await close()));
}

async function byClient(onOpen: OnOpen): Promise<void> {
  const orders = await faultyUpstream();
  const clock = manualClock();
  const upstream = createUpstream({ clock });
  onOpen(() => Promise.all([upstream.dispatcher.destroy(), orders.close()]));
  const send = async (method: string): Promise<void> => {
    const response = await upstream(orders.origin, { method });
    await response.text();
  };
  await send("GET");
  await clock.advance(500);
  orders.script([{ fault: "reset" }]);
  await send("GET");
  await clock.advance(300);
  orders.script([{ fault: "reset" }]);
  await send("POST").catch(() => {});
  orders.script([{ fault: "status" }, { fault: "status" }]);
  await send("POST");
  let isOver = false;
  const retried = send("GET").finally(() => (isOver = true));
  await vi.waitFor(async () => {
    // real time: the response that is retried comes over a socket
    await clock.advance(100);
    if (!isOver) throw new Error("not sent again");
  });
  await retried;
  await closedIdle(orders, () => upstream.stats().origins[orders.origin]?.connections.idle === 0);
}

async function byAgent(onOpen: OnOpen): Promise<void> {
  const orders = await faultyUpstream();
  const clock = manualClock();
  const agent = new HttpAgent({ keepAlive: true, reissue: { clock } });
  onOpen(() => orders.close());
  onOpen(() => agent.destroy());
  await call(orders.origin, { agent });
  await clock.advance(500);
  orders.script([{ fault: "reset" }]);
  await call(orders.origin, { agent });
  await clock.advance(300);
  orders.script([{ fault: "reset" }]);
  await call(orders.origin, { agent, method: "POST" }).catch(() => {});
  await call(orders.origin, { agent });
  await closedIdle(orders, () => Object.values(agent.freeSockets).flat().length === 0);
}

/** Has an upstream close its idle connections; resolves once their client has seen it. */
async function closedIdle(upstream: { killIdle(): number }, isSeen: () => boolean): Promise<void> {
  upstream.killIdle();
  await vi.waitFor(() => {
    if (!isSeen()) throw new Error("the close was not seen");
  });
}

async function byGate(onOpen: OnOpen): Promise<void> {
  const orders = await faultyUpstream({ faults: [{ fault: "reset", probability: 1 }] });
  const gate = reissue({
    upstream: { retry: { maxAttempts: 1 } },
    idempotency: { store: memoryStore(), scope: "shared" },
  });
  onOpen(() => Promise.all([gate.close(), orders.close()]));
  const app = express().use(gate);
  app.get("/orders", async (req, res) => {
    res.send(await (await req.upstream(orders.origin)).text());
  });
  app.post("/orders", (_req, res) => void res.send("made"));
  app.use(gate.errors());
  const server = createServer(app).listen(0, "127.0.0.1");
  onOpen(() => server.close().closeAllConnections());
  await once(server, "listening");
  keepAlive(server, { behind: "aws-alb" });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/orders`;
  const agent = new HttpAgent({ keepAlive: false, reissue: {} });
  onOpen(() => agent.destroy());
  const headers = { "idempotency-key": "a" };
  await call(url, { agent });
  await call(url, { agent, method: "POST", headers });
  await call(url, { agent, method: "POST", headers });
  await closedByServer(server, onOpen);
  await drain(server, { lameDuckMs: 0, deadlineMs: 0 });
}

/** Leaves a connection idle for longer than a server keeps it. */
async function closedByServer(server: Server, onOpen: OnOpen): Promise<void> {
  server.keepAliveTimeout = 20;
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  onOpen(() => void socket.destroy());
  socket.resume().write("GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(socket, "close");
}
