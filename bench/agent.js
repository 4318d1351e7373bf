// @ts-check
// Requests a second and CPU a request where nothing fails: the agent beside Node's own, under five clients.
import { agents, clientNames } from "./agent-clients.js";
import { raceClients } from "./run/client-race.js";
import { quick } from "./run/quick.js";
import { spawnRawUpstream } from "./run/raw-upstream.js";
import { publish } from "./run/result.js";
import { median, ratio } from "./run/statistics.js";

const concurrency = 64;
const times = quick ? 1 : 4;
const rounds = quick ? 3 : 4;
const warmUp = 1;
const [baseline, ...others] = Object.keys(agents);
const requests = quick ? 500 : 1000;

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

/** @type {import("./run/finding.js").Finding[]} */
const findings = [];
/** @type {Record<string, Record<string, number>>} */
const medians = {};
const only = process.argv.slice(2).filter((argument) => clientNames.includes(argument));
const upstream = await spawnRawUpstream();
try {
  for (const client of only.length > 0 ? only : clientNames) {
    for (const kind of Object.keys(exchanges)) await run(client, kind);
  }
} finally {
  upstream.close();
}
publish("agent", { rounds: times * rounds, medians, findings });

/**
 * @param {string} client
 * @param {string} kind
 */
async function run(client, kind) {
  const names = [baseline, ...others];
  process.stderr.write(`${client}, ${kind}\n`);
  const common = { origin: upstream.origin, concurrency, exchange: exchanges[kind] };
  const clients = names.map((name) => `${client}, ${name}`);
  const results = await raceClients(clients, common, { requests, times, rounds, warmUp });
  /** @type {(name: string, figure: "requestsPerSecond" | "cpuMicros") => number[]} */
  const series = (name, figure) =>
    (results.get(`${client}, ${name}`) ?? []).map((figures) => figures[figure]);
  for (const name of names) {
    medians[`${client}, ${name}, ${kind}`] = {
      "requests a second": median(series(name, "requestsPerSecond")),
      "CPU µs a request": median(series(name, "cpuMicros")),
    };
  }
  for (const name of others) {
    const common = {
      contender: `${client}, ${name}`,
      beside: `${client}, ${baseline}`,
      unit: /** @type {const} */ (""),
    };
    findings.push(
      {
        measure: `requests a second, ${kind}`,
        ...common,
        spread: ratio(series(name, "requestsPerSecond"), series(baseline, "requestsPerSecond")),
        ...(name === "HttpAgent" && { target: { atLeast: 0.95 } }),
      },
      {
        measure: `CPU a request, ${kind}`,
        ...common,
        spread: ratio(series(name, "cpuMicros"), series(baseline, "cpuMicros")),
      },
    );
  }
}
