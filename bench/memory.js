// @ts-check
// What a call in flight and an idle connection keep in memory, and whether calls that have ended leave anything there.
import { inOwnProcess } from "./run/own-process.js";
import { spawnPlainUpstream } from "./run/plain-upstream.js";
import { quick } from "./run/quick.js";
import { publish } from "./run/result.js";
import { interleaved } from "./run/rounds.js";
import { median, ratio, spread } from "./run/statistics.js";

const held = quick ? 200 : 2000;
const heldRounds = quick ? 2 : 7;
const ended = quick ? 5000 : 200_000;
const endedRounds = quick ? 1 : 2;

/** Each contender with its baseline. */
const pairs = [
  ["upstream.request", "Pool.request"],
  ["Pool.request (again)", "Pool.request"],
  ["upstream()", "fetch"],
];
const names = [...new Set(pairs.flat())];

const upstream = await spawnPlainUpstream();
const whileHeld = await measured("held-calls.js", names, held, heldRounds);
const onceEnded = await measured("ended-calls.js", pairs[0], ended, endedRounds);
upstream.close();

const inFlight = series(whileHeld, (figures) => figures.inFlight);
const idle = series(whileHeld, (figures) => figures.idle);
const left = series(onceEnded, ({ before, after }) => (after - before) / ended);

publish("memory", {
  rounds: heldRounds,
  medians: Object.fromEntries(
    names.map((name) => [
      name,
      {
        "bytes a call in flight, connection included": median(inFlight(name)),
        "bytes an idle connection": median(idle(name)),
        ...(pairs[0].includes(name) && { "bytes that a call leaves": median(left(name)) }),
      },
    ]),
  ),
  findings: [
    ...compared("heap of a call in flight and its connection", inFlight),
    ...compared("heap of an idle connection", idle),
    ...pairs[0].map((name) => ({
      measure: `left by each of ${ended.toLocaleString("en")} calls`,
      contender: name,
      beside: null,
      unit: /** @type {const} */ ("bytes"),
      spread: spread(left(name)),
      ...(name.startsWith("upstream") && { target: { atMost: 1 } }),
    })),
  ],
});

/**
 * @param {string} script
 * @param {readonly string[]} names
 * @param {number} count
 * @param {number} rounds
 * @returns {Promise<Map<string, Record<string, number>[]>>}
 */
function measured(script, names, count, rounds) {
  process.stderr.write(`${script} `);
  const contenders = names.map((name) => ({
    name,
    turn: () => inOwnProcess(script, [name, upstream.origin, String(count)]),
  }));
  return interleaved(contenders, { rounds, warmUp: 0 });
}

/**
 * @param {string} measure
 * @param {(name: string) => number[]} figures
 */
function compared(measure, figures) {
  return pairs.map(([contender, beside]) => ({
    measure,
    contender,
    beside,
    unit: /** @type {const} */ (""),
    spread: ratio(figures(contender), figures(beside)),
  }));
}

/**
 * @param {Map<string, Record<string, number>[]>} results
 * @param {(figures: Record<string, number>) => number} pick
 */
function series(results, pick) {
  return (/** @type {string} */ name) => (results.get(name) ?? []).map(pick);
}
