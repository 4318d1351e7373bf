// @ts-check
// Requests a second and CPU a request of a service whose routes call no upstream: with its adapter mounted, and bare.
import { quick } from "./run/quick.js";
import { publish } from "./run/result.js";
import { interleavedAnew } from "./run/rounds.js";
import { openServices } from "./run/service-contender.js";
import { median, ratio } from "./run/statistics.js";
import { services } from "./services.js";

const times = quick ? 1 : 6;
// Multiples of twice the contenders' number, so that each is as often first as any other.
const rounds = quick ? 10 : 30;
const warmUp = quick ? 1 : 10;

/** Of one turn; as few as Express makes the garbage collector run for. @type {Record<string, number>} */
const requestsOf = { "Express 5": 400, "Koa 3": 600, "Fastify 5": 1400 };

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
  const mounted = `${framework} + Reissue`;
  const again = `${framework} (again)`;
  const alone = `${framework} (alone)`;
  const mountedAlone = `${mounted} (alone)`;
  // The bare one comes first; what it does again shows how much of a ratio is noise.
  const together = [framework, mounted, again];
  const served = (/** @type {string} */ name) => ({
    name,
    file: "services.js",
    framework,
    argument: name === mounted || name === mountedAlone,
    request: exchanges[kind],
    requests: requestsOf[framework],
  });
  // Two processes of one program differ by more than what is to be found, so these share one. Whoever is opened first
  // there has an advantage, which goes round. They share a heap, too, and its garbage: so there are two that do not.
  const open = (/** @type {number} */ time) => {
    const first = time % together.length;
    const order = [...together.slice(first), ...together.slice(0, first)];
    const groups = [order, [alone], [mountedAlone]];
    return Promise.all(groups.map((names) => openServices(names.map(served))));
  };
  process.stderr.write(`${kind}, ${framework} `);
  const results = await interleavedAnew(open, { times, rounds, warmUp });
  const series = (/** @type {string} */ name, /** @type {"perSecond" | "cpuMicros"} */ figure) =>
    (results.get(name) ?? []).map((figures) => figures[figure]);
  for (const name of results.keys()) {
    medians[`${name}, ${kind}`] = {
      "requests a second": median(series(name, "perSecond")),
      "CPU µs a request": median(series(name, "cpuMicros")),
    };
  }
  const pairs = [
    [mounted, framework],
    [again, framework],
    [mountedAlone, alone],
  ];
  for (const [contender, beside] of pairs) {
    const common = { contender, beside, unit: /** @type {const} */ ("") };
    findings.push(
      {
        measure: `requests a second, ${kind}`,
        ...common,
        spread: ratio(series(contender, "perSecond"), series(beside, "perSecond")),
        ...(contender === mounted && { target: { atLeast: 0.97 } }),
      },
      {
        measure: `CPU a request, ${kind}`,
        ...common,
        spread: ratio(series(contender, "cpuMicros"), series(beside, "cpuMicros")),
      },
    );
  }
}
