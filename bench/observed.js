// @ts-check
// Requests a second, CPU and garbage collection a request where nothing fails: with metrics attached, and without.
import { spawnClient } from "./run/client-process.js";
import { quick } from "./run/quick.js";
import { spawnRawUpstream } from "./run/raw-upstream.js";
import { publish } from "./run/result.js";
import { interleavedAnew } from "./run/rounds.js";
import { openServices } from "./run/service-contender.js";
import { median, ratio, spread } from "./run/statistics.js";

/**
 * @typedef {object} Figures
 * @property {number} perSecond
 * @property {number} cpuMicros
 * @property {number} [gcMicros] - Of a client; that of a service is part of its CPU.
 */

/** @typedef {{ name: string, observer: import("./observers.js").Observer }} Observed */

const concurrency = 64;
const times = quick ? 1 : 10;
const rounds = quick ? 2 : 4;
const warmUp = quick ? 1 : 3;

/** The one without metrics comes first; what it does again shows how much of a ratio is noise. */
const [baseline, ...others] = /** @type {Observed[]} */ ([
  { name: "nothing", observer: "nothing" },
  { name: "Prometheus", observer: "Prometheus" },
  { name: "OpenTelemetry", observer: "OpenTelemetry" },
  { name: "nothing (again)", observer: "nothing" },
]);
const observed = [baseline, ...others];

/** @type {import("./run/finding.js").Finding[]} */
const findings = [];
/** @type {Record<string, Record<string, number>>} */
const medians = {};
const upstream = await spawnRawUpstream();
try {
  for (const client of ["upstream.request", "upstream()"]) {
    await run(client, ({ observer }) => openClient(client, observer));
  }
} finally {
  upstream.close();
}
for (const framework of ["Express 5", "Fastify 5"]) {
  await run(framework, ({ observer }) => openService(framework, observer));
}
publish("observed", { rounds: times * rounds, medians, findings });

/** @typedef {{ turn: () => Promise<Figures>, close: () => void }} Opened */

/**
 * @param {string} what
 * @param {(observed: Observed) => Promise<Opened>} open - In a process of its own.
 */
async function run(what, open) {
  process.stderr.write(`${what} `);
  const results = await interleavedAnew(
    (time) => {
      const first = time % observed.length;
      const order = [...observed.slice(first), ...observed.slice(0, first)];
      return Promise.all(
        order.map(async (each) => {
          const { turn, close } = await open(each);
          return { contenders: [{ name: each.name, turn }], close };
        }),
      );
    },
    { times, rounds, warmUp },
  );
  const series = (/** @type {string} */ name, /** @type {keyof Figures} */ figure) =>
    (results.get(name) ?? []).map((figures) => figures[figure] ?? 0);
  const hasGc = (results.get(baseline.name) ?? []).some(({ gcMicros }) => gcMicros !== undefined);
  for (const { name } of observed) {
    medians[`${what}, ${name}`] = {
      "requests a second": median(series(name, "perSecond")),
      "CPU µs a request": median(series(name, "cpuMicros")),
      ...(hasGc && { "GC µs a request": median(series(name, "gcMicros")) }),
    };
  }
  for (const { name, observer } of others) {
    const common = { contender: `${what}, ${name}`, beside: what, unit: /** @type {const} */ ("") };
    const isAttached = observer !== "nothing";
    findings.push(
      {
        measure: "requests a second",
        ...common,
        spread: ratio(series(name, "perSecond"), series(baseline.name, "perSecond")),
        ...(isAttached && { target: { atLeast: 0.97 } }),
      },
      {
        measure: "CPU a request",
        ...common,
        spread: ratio(series(name, "cpuMicros"), series(baseline.name, "cpuMicros")),
      },
    );
  }
  if (!hasGc) return;
  for (const { name } of observed) {
    findings.push({
      measure: "GC a request",
      contender: `${what}, ${name}`,
      beside: null,
      unit: "µs",
      spread: spread(series(name, "gcMicros")),
    });
  }
}

/**
 * @param {string} name
 * @param {import("./observers.js").Observer} observer
 * @returns {Promise<Opened>}
 */
async function openClient(name, observer) {
  const exchange = { path: "/2", method: "GET" };
  const requests = (quick ? 500 : 8000) / (name === "upstream()" ? 4 : 1);
  const client = spawnClient({ name, origin: upstream.origin, concurrency, exchange, observer });
  return {
    async turn() {
      const { requestsPerSecond: perSecond, ...figures } = await client.drive(requests);
      return { perSecond, ...figures };
    },
    close: () => client.close(),
  };
}

/**
 * @param {string} framework
 * @param {import("./observers.js").Observer} observer
 * @returns {Promise<Opened>}
 */
async function openService(framework, observer) {
  const services = await openServices([
    {
      name: framework,
      file: "observed-services.js",
      framework,
      argument: observer,
      request: "GET /orders/42 HTTP/1.1\r\nHost: shop\r\n\r\n",
      requests: quick ? 200 : 2000,
      sleeps: true,
    },
  ]);
  const [{ turn }] = services.contenders;
  return { turn, close: () => services.close() };
}
