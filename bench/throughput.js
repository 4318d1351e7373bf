// @ts-check
// Requests a second, CPU and garbage collection a request where nothing fails: Reissue's two calls beside undici's.
import { raceClients } from "./run/client-race.js";
import { quick } from "./run/quick.js";
import { spawnRawUpstream } from "./run/raw-upstream.js";
import { publish } from "./run/result.js";
import { median, ratio, spread } from "./run/statistics.js";

const concurrency = 64;
const times = quick ? 1 : 5;
const rounds = quick ? 3 : 4;
const warmUp = quick ? 1 : 3;

/** @type {Record<string, import("./clients.js").Exchange>} */
const exchanges = {
  GET: { path: "/2", method: "GET" },
  POST: {
    path: "/json",
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ item: 42, note: "y".repeat(1024 - 21) }),
  },
};

/** The baseline comes first; what it does again shows how much of a ratio is noise. */
const races = [
  {
    names: [
      "Pool.request",
      "upstream.request",
      "Pool.request (again)",
      "floor",
      "floor, a turn more",
      "RetryAgent over Pool",
      "undici.request",
    ],
    requests: quick ? 1000 : 8000,
    targets: { perSecond: { atLeast: 0.97 }, cpu: { atMost: 1.05 } },
  },
  {
    names: ["fetch", "upstream()", "fetch (again)"],
    requests: quick ? 500 : 2000,
    targets: { perSecond: { atLeast: 0.95 } },
  },
];

/** @type {import("./run/finding.js").Finding[]} */
const findings = [];
/** @type {Record<string, Record<string, number>>} */
const medians = {};
const upstream = await spawnRawUpstream();
try {
  for (const race of races) {
    for (const kind of Object.keys(exchanges)) await run(race, kind);
  }
} finally {
  upstream.close();
}
publish("throughput", { rounds: times * rounds, medians, findings });

/**
 * @param {(typeof races)[number]} race
 * @param {string} kind
 */
async function run({ names: [baseline, ...others], requests, targets }, kind) {
  const names = [baseline, ...others];
  process.stderr.write(`${kind}, ${baseline} and others\n`);
  const common = { origin: upstream.origin, concurrency, exchange: exchanges[kind] };
  const results = await raceClients(names, common, { requests, times, rounds, warmUp });
  const perSecond = series(results, ({ requestsPerSecond }) => requestsPerSecond);
  const cpu = series(results, ({ cpuMicros }) => cpuMicros);
  const gc = series(results, ({ gcMicros }) => gcMicros);
  for (const name of names) {
    medians[`${name}, ${kind}`] = {
      "requests a second": median(perSecond(name)),
      "CPU µs a request": median(cpu(name)),
      "GC µs a request": median(gc(name)),
    };
  }
  for (const name of others) {
    const isOurs = name.startsWith("upstream");
    const common = { contender: name, beside: baseline, unit: /** @type {const} */ ("") };
    findings.push(
      {
        measure: `requests a second, ${kind}`,
        ...common,
        spread: ratio(perSecond(name), perSecond(baseline)),
        ...(isOurs && { target: targets.perSecond }),
      },
      {
        measure: `CPU a request, ${kind}`,
        ...common,
        spread: ratio(cpu(name), cpu(baseline)),
        ...(isOurs && targets.cpu !== undefined && { target: targets.cpu }),
      },
    );
  }
  for (const name of names) {
    findings.push({
      measure: `GC a request, ${kind}`,
      contender: name,
      beside: null,
      unit: "µs",
      spread: spread(gc(name)),
    });
  }
}

/**
 * @template Figures
 * @param {Map<string, Figures[]>} results
 * @param {(figures: Figures) => number} pick
 */
function series(results, pick) {
  return (/** @type {string} */ name) => (results.get(name) ?? []).map(pick);
}
