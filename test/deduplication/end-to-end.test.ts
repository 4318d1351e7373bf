import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { reissue } from "@reissue/express";
import { keepAlive } from "@reissue/server";
import { postgresStore } from "@reissue/store-postgres";
import { faultyUpstream, type FaultRule, type FaultyUpstream } from "@reissue/testing";
import { createUpstream, type Upstream } from "@reissue/upstream";
import express from "express";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";

import { absent } from "../absent.ts";
import { startHaproxy, startNginx } from "../balancers/balancer.ts";
import { postgres } from "./backends.ts";

/** Every fault that an upstream can have, before it has processed a request and after. */
const faults: readonly FaultRule[] = [
  ...(["reset", "end", "garbage", "hang"] as const).flatMap((fault) => [
    { fault, when: "before-processing" as const },
    { fault, when: "after-processing" as const },
  ]),
  ...(["cut-headers", "cut-body", "cut-chunked"] as const).flatMap((fault) => [
    { fault, with: "rst" as const },
    { fault, with: "fin" as const },
  ]),
  { fault: "status", status: 503 },
  { fault: "status", status: 502, when: "after-processing" },
  { fault: "slow", everyMs: 2 },
  { fault: "answer-then-close" },
  { fault: "kill-idle" },
  { fault: "restart", downMs: 50 },
  { fault: "restart", downMs: 50, when: "after-processing" },
];

const payments = 30;

/** More faults than any upstream has are not to be a matter of the budget. */
const budget = { minPerSecond: 1000 };

/** One of the two instances of the service: a payment is a charge upstream, under a derived key. */
async function startInstance(url: string, charges: FaultyUpstream, behind: "nginx" | "haproxy") {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  const store = postgresStore({ pool, prepare: true });
  const upstream = createUpstream({
    retry: { attemptTimeoutMs: 1000, budget },
    origins: { [charges.origin]: { idempotencyKey: "derive" } },
  });
  const gate = reissue({ upstream, idempotency: { store, scope: "shared", waitMs: 2000 } });
  const app = express();
  app.set("env", "test");
  app.use(gate, express.json());
  app.post("/payments", gate.route({ idempotencyKey: "required" }), async (req, res) => {
    const body = JSON.stringify(req.body);
    const charge = await req.upstream(`${charges.origin}/charges`, { method: "POST", body });
    if (!charge.ok) return void res.status(502).end();
    res.status(201).json({ charge: await charge.text() });
  });
  app.use(gate.errors());
  const server = createServer(app).listen(0, "127.0.0.1");
  keepAlive(server, { behind });
  await once(server, "listening");
  onTestFinished(async () => {
    server.close().closeAllConnections();
    await upstream.dispatcher.destroy();
    await pool.end();
  });
  return (server.address() as AddressInfo).port;
}

/** Pays as a client does that is Reissue's too: one key for each payment, however often it has to be sent. */
async function pay(client: Upstream, origin: string, id: number): Promise<number> {
  const answer = await client(`${origin}/payments`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": `payment-${id}` },
    body: JSON.stringify({ id }),
  });
  await answer.text();
  return answer.status;
}

describe.skipIf(absent("nginx") || absent("haproxy")).each([
  ["nginx", startNginx],
  ["haproxy", startHaproxy],
] as const)("behind %s", (behind, start) => {
  test("whatever the upstream loses, every payment is made, and made once", async () => {
    const { url } = await postgres();
    const charges = await faultyUpstream({ honourKeys: true, respond: { body: "charged" } });
    onTestFinished(() => charges.close());
    const ports = [
      await startInstance(url, charges, behind),
      await startInstance(url, charges, behind),
    ];
    const { origin } = await start(ports);
    const retryOn = ["reset", "connect-failure", "gateway-error", "timeout", 409, 500] as const;
    const client = createUpstream({ retry: { retryOn: [...retryOn], maxAttempts: 8, budget } });
    onTestFinished(() => client.dispatcher.destroy());

    let made = 0;
    for (const fault of faults) {
      charges.setFaults([{ ...fault, probability: 0.3 }]);
      const ids = Array.from({ length: payments }, () => (made += 1));
      const statuses = await Promise.all(ids.map((id) => pay(client, origin, id)));
      expect(statuses, JSON.stringify(fault)).toEqual(ids.map(() => 201));
      expect(charges.duplicates(), JSON.stringify(fault)).toEqual([]);
      expect(charges.processedCount, JSON.stringify(fault)).toBe(made);
    }
    expect(charges.requests.filter(({ fault }) => fault !== null).length).toBeGreaterThan(
      made / 10,
    );
  }, 120_000);
});
