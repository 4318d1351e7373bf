// @ts-check
// One client of the real fleet: begins calls by a Poisson process, and says at the end what came of them.
import dns from "node:dns";

import { callers } from "./callers.js";

/** @typedef {{ calls: number, good: number }} Tally */

/** @typedef {{ listed: string[] } | { policy: string, url: string, timeoutMs: number } | { task: Task }} Message */

/**
 * Calls to make.
 *
 * @typedef {object} Task
 * @property {string} policy
 * @property {number} perSecond
 * @property {number} durationMs
 * @property {number} usefulMs
 * @property {number} client - Its number.
 */

/**
 * Calls until V8 has seen what there is to see, before one that fails at first: forty processes on two processors would
 * otherwise meet their first failure at once, each with code that has never run.
 */
const warmUpCalls = 30;

/**
 * Addresses of the instances that are known to be up. Each connection goes to one at random: the balancer of the
 * simulation, for every client in the same way, whatever its options are.
 *
 * @type {readonly string[]}
 */
let listed = [];

// @ts-expect-error: of the many ways to call it, the one that node:net uses.
dns.lookup = (
  _host,
  /** @type {{ all?: boolean }} */ { all },
  /** @type {Function} */ callback,
) => {
  // Port 9 of an address that no instance has refuses, as a balancer without instances does.
  const address = listed[Math.floor(Math.random() * listed.length)] ?? "127.255.0.1";
  process.nextTick(() => {
    if (all === true) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  });
};

/** @type {import("./callers.js").Caller} */
let caller;

process.on("message", async (/** @type {Message} */ message) => {
  if ("listed" in message) ({ listed } = message);
  else if ("policy" in message) {
    caller = callers[message.policy](message.url, message.timeoutMs);
    for (let calls = 0; calls < warmUpCalls; calls += 1) await caller("GET", {}).catch(() => {});
    await caller("GET", { "x-cut": "once" }).catch(() => {});
    // V8 goes on compiling for a while.
    setTimeout(() => process.send?.("warm"), 1000);
  } else run(message.task);
});
process.on("disconnect", () => process.exit());
process.send?.("ready");

function run(/** @type {Task} */ task) {
  const { policy, perSecond, durationMs, usefulMs, client } = task;
  const startMs = performance.now();
  /** @type {Tally[]} */
  const seconds = Array.from({ length: durationMs / 1000 }, () => ({ calls: 0, good: 0 }));
  let number = 0;
  let dueMs = startMs + (-Math.log(1 - Math.random()) * 1000) / perSecond;
  begin();

  /** Begins the calls that are due: those of a timer that was late too, or a busy machine would get a lower load. */
  function begin() {
    const nowMs = performance.now();
    if (nowMs - startMs >= durationMs) return;
    for (; dueMs <= nowMs; dueMs += (-Math.log(1 - Math.random()) * 1000) / perSecond) void call();
    setTimeout(begin, dueMs - nowMs);
  }

  async function call() {
    const beganMs = performance.now();
    const second = seconds[Math.floor((beganMs - startMs) / 1000)];
    if (second === undefined) return;
    second.calls += 1;
    number += 1;
    const drawn = Math.random();
    const method = drawn < 0.7 ? "GET" : drawn < 0.8 ? "PUT" : "POST";
    const headers = { "x-call": `${policy}-${client}-${number}` };
    const status = await caller(method, headers).catch(() => 0);
    if (status === 200 && performance.now() - beganMs <= usefulMs) second.good += 1;
  }

  setTimeout(() => process.send?.(seconds), durationMs + usefulMs);
}
