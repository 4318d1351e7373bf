import { once } from "node:events";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, onTestFinished, test } from "vitest";

import { absent } from "../../support/missing-program.ts";
import { startNginx } from "../balancers/balancer.ts";
import { times } from "../../support/test-size.ts";
import { freePort } from "../../support/free-port.ts";
import { ServiceProcess, type Ending } from "./service-process.ts";

const shutdowns = times(6, 12);

test.skipIf(absent("nginx"))(
  "drain loses fewer than a quarter of the POSTs that server.close() loses",
  { timeout: 120_000 },
  async () => {
    const close = await badGateways("close");
    const drain = await badGateways("drain");
    console.log(`Client 502s in ${shutdowns} shutdowns: close ${close}, drain ${drain}`);
    expect(close).toBeGreaterThan(shutdowns);
    expect(drain).toBeLessThan(close / 4);
  },
);

test.skipIf(absent("nginx"))(
  "drain() loses no POST once nginx has stopped sending",
  { timeout: 120_000 },
  async () => {
    expect(await badGateways("drain", { told: true })).toBe(0);
  },
);

/** How many clients get 502 while one of two instances is shut down and started again, under steady POST load. */
async function badGateways(ending: Ending, { told = false } = {}): Promise<number> {
  const [port, otherPort] = [await freePort(), await freePort()];
  const nginx = await startNginx([port, otherPort]);
  const other = new ServiceProcess("exit");
  await other.listen(otherPort);
  let instance = new ServiceProcess(ending);
  await instance.listen(port);
  const load = startLoad(`${nginx.origin}/orders`);
  for (let nth = 0; nth < shutdowns; nth += 1) {
    const next = new ServiceProcess(ending);
    // real time: load between the shutdowns
    await sleep(150);
    // The procedure of docs/recipes/shutdown.md.
    if (told) await nginx.reload(["127.0.0.1:3001", "127.0.0.1:3001 down"]);
    await instance.end();
    await next.listen(port);
    if (told) await nginx.reload();
    instance = next;
  }
  const counts = await load.stop();
  await Promise.all([instance.end(), other.end()]);
  expect(counts.get(200)).toBeGreaterThan(shutdowns * 10);
  expect([...counts.keys()].filter((status) => status !== 200 && status !== 502)).toEqual([]);
  return counts.get(502) ?? 0;
}

/** Sixteen clients that send one POST after the other, each on a connection of its own. */
function startLoad(url: string): { stop(): Promise<ReadonlyMap<number, number>> } {
  const counts = new Map<number, number>();
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort());
  const client = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const status = await post(url);
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
  };
  const clients = Promise.all(Array.from({ length: 16 }, client));
  return {
    async stop() {
      stopping.abort();
      await clients;
      return counts;
    },
  };
}

/** The status that a POST gets; 0 where its connection ends without one. */
async function post(url: string): Promise<number> {
  const outgoing = request(url, { method: "POST", agent: false, timeout: 20_000 });
  outgoing.once("timeout", () => outgoing.destroy());
  outgoing.end("1 tea");
  try {
    const [response] = await once(outgoing, "response");
    await once(response.resume(), "close");
    return response.statusCode;
  } catch {
    return 0;
  }
}
