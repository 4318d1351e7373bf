// @ts-check
// What one decision costs, beside parsing the URL that each request has anyway.
import { decide } from "@reissue/core";

import { decisions } from "./run/decisions.js";
import { collectGarbage } from "./run/heap.js";
import { quick } from "./run/quick.js";
import { publish } from "./run/result.js";
import { interleaved } from "./run/rounds.js";
import { median, ratio, spread } from "./run/statistics.js";

const rounds = quick ? 5 : 60;
const warmUp = quick ? 2 : 10;
const passes = quick ? 100 : 1000;

/** The last result, so that no call can be left out as useless. */
let kept = {};

const giveUp = { action: "give-up", reason: "aborted" };

/** @typedef {(...given: import("./run/decisions.js").DecideArguments) => object} Call */

/** @type {Record<string, Call>} */
const calls = {
  decide: decide,
  "decide (again)": decide,
  // Looks at no argument: what the loop itself takes.
  nothing: () => giveUp,
  "new URL": (_outcome, request) => new URL(`http://orders:3000/${request.method}`),
};

const contenders = Object.entries(calls).map(([name, call]) => ({
  name,
  turn: () => nanoseconds(call),
}));
process.stderr.write(`${decisions.length} combinations `);
const results = await interleaved(contenders, { rounds, warmUp });
if (typeof kept !== "object") throw new TypeError("a call gave no object");

const loop = figures("nothing");
const net = (/** @type {string} */ name) => figures(name).map((ns, round) => ns - loop[round]);
publish("decide", {
  rounds,
  medians: Object.fromEntries(
    Object.keys(calls).map((name) => [name, { "ns a call, loop included": median(figures(name)) }]),
  ),
  findings: [
    {
      measure: "time a call",
      contender: "decide",
      beside: null,
      unit: "ns",
      spread: spread(net("decide")),
      target: { atMost: 300 },
    },
    {
      measure: "time a call",
      contender: "decide",
      beside: "new URL",
      unit: "",
      spread: ratio(net("decide"), net("new URL")),
    },
    {
      measure: "time a call",
      contender: "decide (again)",
      beside: "decide",
      unit: "",
      spread: ratio(net("decide (again)"), net("decide")),
    },
  ],
});

function figures(/** @type {string} */ name) {
  return results.get(name) ?? [];
}

/**
 * One loop for all: it sees too many callees to inline any of them, so what they return has to be made.
 *
 * @param {Call} call
 */
function nanoseconds(call) {
  collectGarbage();
  const startedAt = performance.now();
  for (let times = 0; times < passes; times += 1) {
    for (const [outcome, request, policy, state] of decisions) {
      kept = call(outcome, request, policy, state);
    }
  }
  return ((performance.now() - startedAt) * 1e6) / (passes * decisions.length);
}
