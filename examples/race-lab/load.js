// @ts-check
import { setTimeout as sleep } from "node:timers/promises";

import { racingPauseMs } from "@reissue/lab/internal";
import { seededRandom } from "@reissue/testing";
import { Pool } from "undici";

/** The calls that are told apart: each is a path, so that the resends of each can be counted. */
export const calls = [
  { name: "GET", path: "/read", method: "GET", keyed: false },
  { name: "POST", path: "/order", method: "POST", keyed: false },
  { name: "POST + key", path: "/keyed-order", method: "POST", keyed: true },
];

const callsAtOnce = 12;

/**
 * @typedef {{ id: string, path: string, status: number, ms: number }} Sample
 * @typedef {{ seed: number, bursts: number, idleMs: number, onBurst: () => void, signal: AbortSignal }} Load
 */

/**
 * Sends bursts of calls to a service, with pauses of about the upstream's idle timeout between them: the moment at
 * which the upstream closes a connection is the moment at which it is used again. The same seed gives the same load.
 *
 * @param {{ name: string, origin: string }} service
 * @param {Load} load
 * @returns {Promise<Sample[]>}
 */
export async function drive(service, { seed, bursts, idleMs, onBurst, signal }) {
  const random = seededRandom(seed);
  const pool = new Pool(service.origin, { connections: callsAtOnce });
  /** @type {Sample[]} */
  const samples = [];
  try {
    // Not counted: compiles the code, and lets everybody see the upstream close idle connections once.
    await burst(pool, service.name, -1, random);
    await sleep(3 * idleMs, undefined, { signal });
    for (let number = 0; number < bursts; number += 1) {
      samples.push(...(await burst(pool, service.name, number, random)));
      onBurst();
      await sleep(racingPauseMs(idleMs, random()), undefined, { signal });
    }
    return samples;
  } finally {
    await pool.destroy();
  }
}

/**
 * @param {Pool} pool
 * @param {string} client
 * @param {number} number
 * @param {() => number} random
 */
function burst(pool, client, number, random) {
  return Promise.all(
    Array.from({ length: callsAtOnce }, async (_, slot) => {
      const call = calls[Math.floor(random() * calls.length)] ?? calls[0];
      const id = `${client}-${number}-${slot}`;
      const headers = { "x-request-id": id, ...(call.keyed && { "idempotency-key": `"${id}"` }) };
      const startedAt = performance.now();
      const { path, method } = call;
      const { statusCode, body } = await pool.request({ path, method, headers });
      await body.dump();
      return { id, path, status: statusCode, ms: performance.now() - startedAt };
    }),
  );
}
