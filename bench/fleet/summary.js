// @ts-check

/** Share of the usual goodput from which a fleet counts as recovered, and for how many seconds on end. */
const recovered = { share: 0.99, seconds: 5 };

/** Seconds that a figure of amplification is averaged over. */
const windowSeconds = 5;

/**
 * Counts of one second.
 *
 * @typedef {object} Second
 * @property {number} calls - That began in it.
 * @property {number} good - Of these, calls with a response in time.
 * @property {number} requests - That reached an instance in it.
 */

/**
 * What the seconds of one policy in one scenario come to.
 *
 * @typedef {object} Summary
 * @property {number} calls
 * @property {number} goodput - Calls with a response in time, as a share of all.
 * @property {number | null} goodputDisturbed - The same of those that began during the disturbance.
 * @property {number} amplification - Requests that reached an instance, for each call.
 * @property {number} peakAmplification - In the worst five seconds.
 * @property {number | null} recoveryS - From the end of the disturbance, in s; null: not in this time.
 * @property {{ goodput: number[], load: number[] }} series - For each second: share of good calls, and requests as a
 *   share of the capacity.
 */

/**
 * Sums up the seconds of a run, simulated or real.
 *
 * @param {readonly Second[]} seconds
 * @param {readonly [number, number]} disturbedMs
 * @param {number} capacity - Requests a second that the instances can respond to.
 * @returns {Summary}
 */
export function summary(seconds, disturbedMs, capacity) {
  const [fromS, toS] = disturbedMs.map((ms) => ms / 1000);
  const calls = sum(seconds.map((second) => second.calls));
  const requests = sum(seconds.map((second) => second.requests));
  return {
    calls,
    goodput: rounded(goodputOf(seconds)),
    goodputDisturbed: fromS === toS ? null : rounded(goodputOf(seconds.slice(fromS, toS))),
    amplification: rounded(requests / calls),
    peakAmplification: rounded(peakAmplification(seconds)),
    recoveryS: recoveryOf(seconds, fromS, toS),
    series: {
      goodput: seconds.map((second) => rounded(goodputOf([second]))),
      load: seconds.map((second) => rounded(second.requests / capacity)),
    },
  };
}

function goodputOf(/** @type {readonly Second[]} */ seconds) {
  const calls = sum(seconds.map((second) => second.calls));
  return calls === 0 ? 1 : sum(seconds.map((second) => second.good)) / calls;
}

function peakAmplification(/** @type {readonly Second[]} */ seconds) {
  let peak = 0;
  for (let first = 0; first + windowSeconds <= seconds.length; first += 1) {
    const window = seconds.slice(first, first + windowSeconds);
    const requests = sum(window.map((second) => second.requests));
    peak = Math.max(peak, requests / sum(window.map((second) => second.calls)));
  }
  return peak;
}

/**
 * @param {readonly Second[]} seconds
 * @param {number} fromS
 * @param {number} toS
 */
function recoveryOf(seconds, fromS, toS) {
  const usual = goodputOf(seconds.slice(5, fromS));
  for (let at = toS; at + recovered.seconds <= seconds.length; at += 1) {
    const window = seconds.slice(at, at + recovered.seconds);
    if (window.every((second) => goodputOf([second]) >= recovered.share * usual)) return at - toS;
  }
  return null;
}

function sum(/** @type {readonly number[]} */ values) {
  return values.reduce((total, value) => total + value, 0);
}

/** Four decimals: a result file that is read by people and compared by tests. */
export function rounded(/** @type {number} */ value) {
  return Math.round(value * 10_000) / 10_000;
}
