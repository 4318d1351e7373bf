// @ts-check
import { spawnClient } from "./client-process.js";
import { interleavedAnew } from "./rounds.js";

/**
 * Has clients send the same requests in rounds, each in a process of its own, which are started anew several times.
 *
 * Two processes of one program differ by a tenth for as long as they live, and the one started first is slower than the
 * others, so that the order in which they are started goes round.
 *
 * @param {string[]} names
 * @param {{ origin: string, concurrency: number, exchange: import("../clients.js").Exchange }} common
 * @param {{ requests: number, times: number, rounds: number, warmUp: number }} size - Rounds are those of each time.
 */
export function raceClients(names, common, { requests, ...size }) {
  const open = (/** @type {string} */ name) => {
    const client = spawnClient({ name, ...common });
    return {
      contenders: [{ name, turn: () => client.drive(requests) }],
      close: () => client.close(),
    };
  };
  return interleavedAnew((time) => {
    const first = time % names.length;
    const order = [...names.slice(first), ...names.slice(0, first)];
    return Promise.resolve(order.map(open));
  }, size);
}
