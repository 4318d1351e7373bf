import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

import { seededRandom, spawnFaultyUpstream, type SpawnedUpstream } from "@reissue/testing";
import { createUpstream, type UpstreamOptions } from "@reissue/upstream";

import { AttemptLog } from "./attempt-log.ts";
import { nthCall } from "./nth-call.ts";
import { routes, type Kind } from "./request-kind.ts";
import { send, type Outcome } from "./send-call.ts";
import type { Trial } from "./run-trial.ts";

/** A server that closes idle sockets without a hint, and clients whose bursts come just when it does. */
export interface IdleCell {
  readonly name: string;
  /** The server's idle timeout. */
  readonly closesAfterMs: number;
  readonly clients: number;
  /** How many of them are there at one time. */
  readonly together: number;
  /** Of each client; each makes two calls a burst, one after the other, so that hot sockets are met too. */
  readonly callers: number;
  readonly bursts: number;
  readonly options: UpstreamOptions;
  /** The oldest socket that a POST without a key may be written on. */
  readonly unsafeIdleMs: number;
}

/** Bursts come up to so many ms before or after the close; at 8 node:http met it too seldom to tell it from luck. */
const jitterMs = 2;

/** Lets clients make their bursts, each new to the server and learning nothing from the others. */
export async function idleTrial(cell: IdleCell, kinds: readonly Kind[]): Promise<Trial> {
  const startedAtMs = performance.now();
  const upstream = await idleUpstream(cell);
  const { origin } = upstream;
  const attempts = new AttemptLog(origin);
  const outcomes: Outcome[] = [];
  let next = 0;
  try {
    await visit(cell, async (bursts) => {
      const client = createUpstream({ ...cell.options, origins: { [origin]: { routes } } });
      await bursts(async () => {
        const number = next++;
        const call = nthCall(kinds[number % kinds.length]!, number);
        outcomes.push(await send(client, origin, call, "request"));
      });
      await client.close();
    });
    return {
      origin,
      outcomes,
      answerTo: () => "ok",
      attempts,
      received: await upstream.requests(),
      effects: await upstream.effects(),
      disturbed: new Set(),
      tookMs: performance.now() - startedAtMs,
    };
  } finally {
    attempts.stop();
    await upstream.close();
  }
}

/** How many of as many GETs fail with Node's own keep-alive agent. */
export async function nodeFailures(cell: IdleCell): Promise<number> {
  const upstream = await idleUpstream(cell);
  let failed = 0;
  await visit(cell, async (bursts) => {
    const agent = new Agent({ keepAlive: true });
    await bursts(
      () =>
        new Promise((resolve) => {
          request(upstream.origin, { agent }, (response) => response.resume().on("end", resolve))
            .on("error", () => resolve((failed += 1)))
            .end();
        }),
    );
    agent.destroy();
  });
  await upstream.close();
  return failed;
}

/** In a process of its own: one that is as busy as its clients would close sockets too late, with requests on them. */
function idleUpstream({ closesAfterMs }: IdleCell): Promise<SpawnedUpstream> {
  return spawnFaultyUpstream({ idleTimeoutMs: closesAfterMs, honourKeys: true });
}

/** Makes all the calls of one client. */
type Bursts = (make: () => Promise<unknown>) => Promise<void>;

/** Runs all clients, so many together, each beginning at a time of its own. */
async function visit(cell: IdleCell, client: (bursts: Bursts) => Promise<void>): Promise<void> {
  const random = seededRandom(cell.clients);
  const all: Bursts = async (make) => {
    for (let burst = 0; burst < cell.bursts; burst += 1) {
      // real time: the race is between the server's idle timer and the request
      if (burst > 0) await pause(cell.closesAfterMs + (2 * random() - 1) * jitterMs);
      const callers = Array.from({ length: cell.callers }, async () => {
        await make();
        // real time: a connection rests for a millisecond before a request that cannot be resent may have it.
        await pause(3);
        await make();
      });
      await Promise.all(callers);
    }
  };
  let left = cell.clients;
  const places = Array.from({ length: cell.together }, async () => {
    while (left > 0) {
      left -= 1;
      // real time: clients must not begin together
      await pause(random() * cell.closesAfterMs);
      await client(all);
    }
  });
  await Promise.all(places);
}
