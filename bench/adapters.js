// @ts-check
// Requests a second and CPU a request of a service whose routes call no upstream: with its adapter mounted, and bare.
import { quick } from "./run/quick.js";
import { publish } from "./run/result.js";
import { interleavedAnew } from "./run/rounds.js";
import { openService } from "./run/service-contender.js";
import { median, ratio } from "./run/statistics.js";
import { services } from "./services.js";

const processes = quick ? 1 : 4;
// A multiple of the contenders' number, so that each is as often first as any other.
const rounds = quick ? 3 : 18;
const warmUp = quick ? 1 : 9;

/** Of one turn; some 100 ms of each, less than what the machine takes to become another. @type {Record<string, number>} */
const requestsOf = { "Express 5": 800, "Koa 3": 1200, "Fastify 5": 2800 };

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
publish("adapters", { rounds: processes * rounds, medians, findings });

/**
 * @param {string} framework
 * @param {string} kind
 */
async function run(framework, kind) {
  const mounted = `${framework} + Reissue`;
  const again = `${framework} (again)`;
  // The bare one comes first; what it does again shows how much of a ratio is noise.
  const names = [framework, mounted, again];
  const entries = names.map((name) => ({
    name,
    open: () =>
      openService({
        file: "services.js",
        framework,
        argument: name === mounted,
        request: exchanges[kind],
        requests: quick ? 1000 : requestsOf[framework],
      }),
  }));
  process.stderr.write(`${kind}, ${framework} `);
  const results = await interleavedAnew(entries, { processes, rounds, warmUp });
  const series = (/** @type {string} */ name, /** @type {"perSecond" | "cpuMicros"} */ figure) =>
    (results.get(name) ?? []).map((figures) => figures[figure]);
  for (const name of names) {
    medians[`${name}, ${kind}`] = {
      "requests a second": median(series(name, "perSecond")),
      "CPU µs a request": median(series(name, "cpuMicros")),
    };
  }
  for (const contender of [mounted, again]) {
    const common = { contender, beside: framework, unit: /** @type {const} */ ("") };
    findings.push(
      {
        measure: `requests a second, ${kind}`,
        ...common,
        spread: ratio(series(contender, "perSecond"), series(framework, "perSecond")),
        ...(contender === mounted && { target: { atLeast: 0.97 } }),
      },
      {
        measure: `CPU a request, ${kind}`,
        ...common,
        spread: ratio(series(contender, "cpuMicros"), series(framework, "cpuMicros")),
      },
    );
  }
}
