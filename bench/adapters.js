// @ts-check
// Requests a second and CPU a request of a service whose routes call no upstream: with its adapter mounted, and bare.
import { quick } from "./run/quick.js";
import { publish } from "./run/result.js";
import { interleavedAnew } from "./run/rounds.js";
import { openServices } from "./run/service-contender.js";
import { median, ratio } from "./run/statistics.js";
import { services } from "./services.js";

const times = quick ? 1 : 8;
// A multiple of twice the contenders' number, so that each is as often first as any other.
const rounds = quick ? 8 : 40;
const warmUp = quick ? 1 : 3;

/**
 * A round is of so many turns of each: the shorter they are, the more alike is what disturbs them, and the more there are
 * the more evenly is the garbage collector's work shared out, which is a good part of Express'.
 *
 * @type {Record<string, { turns: number, requests: number }>}
 */
const roundsOf = {
  "Express 5": { turns: 8, requests: 250 },
  "Koa 3": { turns: 2, requests: 600 },
  "Fastify 5": { turns: 1, requests: 1400 },
};

const body = JSON.stringify({ item: "tea", note: "y".repeat(100) });

/** @type {Record<string, string>} */
const exchanges = {
  GET: "GET /orders/42 HTTP/1.1\r\nHost: shop\r\n\r\n",
  POST: `POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
};

/** @type {import("./run/finding.js").Finding[]} */
const findings = [];
/** @type {Record<string, Record<string, number>>} */
const medians = {};
for (const framework of Object.keys(services)) {
  for (const kind of Object.keys(exchanges)) await run(framework, kind);
}
publish("adapters", { rounds: times * rounds, medians, findings });

/**
 * @param {string} framework
 * @param {string} kind
 */
async function run(framework, kind) {
  // The bare one comes first; what it does again shows how much of a ratio is noise.
  const contenders = [
    { name: framework, mounted: "nothing" },
    { name: `${framework} + Reissue`, mounted: "Reissue", target: { atLeast: 0.97 } },
    { name: `${framework} + no-op`, mounted: "no-op" },
    { name: `${framework} (again)`, mounted: "nothing" },
  ];
  const { turns, requests } = roundsOf[framework];
  const served = contenders.map(({ name, mounted }) => ({
    name,
    file: "services.js",
    framework,
    argument: mounted,
    request: exchanges[kind],
    requests,
  }));
  // Two processes of one program differ by more than what is to be found, so these share one. The one that is opened first
  // there has an advantage, which goes round.
  const open = async (/** @type {number} */ time) => {
    const first = time % served.length;
    return [await openServices([...served.slice(first), ...served.slice(0, first)])];
  };
  process.stderr.write(`${kind}, ${framework} `);
  const results = await interleavedAnew(open, {
    times,
    rounds: rounds * turns,
    warmUp: warmUp * turns,
  });
  const series = (/** @type {string} */ name) => ofRounds(results.get(name) ?? [], turns);
  const bare = series(framework);
  for (const { name, target } of contenders) {
    const { perSecond, cpuMicros } = series(name);
    medians[`${name}, ${kind}`] = {
      "requests a second": median(perSecond),
      "CPU µs a request": median(cpuMicros),
    };
    if (name === framework) continue;
    const common = { contender: name, beside: framework, unit: /** @type {const} */ ("") };
    findings.push(
      {
        measure: `requests a second, ${kind}`,
        ...common,
        spread: ratio(perSecond, bare.perSecond),
        ...(target !== undefined && { target }),
      },
      {
        measure: `CPU a request, ${kind}`,
        ...common,
        spread: ratio(cpuMicros, bare.cpuMicros),
      },
    );
  }
}

/**
 * The figures of each round, all its turns together, which are of as many requests each.
 *
 * @param {readonly { perSecond: number, cpuMicros: number }[]} turns
 * @param {number} ofRound - How many turns a round has.
 */
function ofRounds(turns, ofRound) {
  /** @type {{ perSecond: number[], cpuMicros: number[] }} */
  const series = { perSecond: [], cpuMicros: [] };
  for (let from = 0; from < turns.length; from += ofRound) {
    const round = turns.slice(from, from + ofRound);
    series.perSecond.push(ofRound / sum(round.map(({ perSecond }) => 1 / perSecond)));
    series.cpuMicros.push(sum(round.map(({ cpuMicros }) => cpuMicros)) / ofRound);
  }
  return series;
}

function sum(/** @type {readonly number[]} */ values) {
  return values.reduce((total, value) => total + value, 0);
}
