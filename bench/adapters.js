// @ts-check
// Requests a second and CPU a request of a service whose routes call no upstream: with its adapter mounted, and bare.
import { quick } from "./run/quick.js";
import { spawnLoad } from "./run/raw-load.js";
import { publish } from "./run/result.js";
import { interleaved } from "./run/rounds.js";
import { spawnService } from "./run/service-process.js";
import { median, ratio } from "./run/statistics.js";
import { services } from "./services.js";

const connections = 64;
// A multiple of the contenders' number, so that each is as often first as any other.
const rounds = quick ? 3 : 24;
const warmUp = quick ? 1 : 6;

/** Of one turn; some 300 ms of each. @type {Record<string, number>} */
const requestsOf = { "Express 5": 2000, "Koa 3": 3000, "Fastify 5": 8000 };

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
publish("adapters", { rounds, medians, findings });

/**
 * @param {string} framework
 * @param {string} kind
 */
async function run(framework, kind) {
  const mounted = `${framework} + Reissue`;
  const again = `${framework} (again)`;
  // The bare one comes first; what it does again shows how much of a ratio is noise.
  const names = [framework, mounted, again];
  const opened = await Promise.all(names.map((name) => open(framework, name === mounted, kind)));
  const contenders = names.map((name, index) => ({ name, turn: () => opened[index].turn() }));
  process.stderr.write(`${kind}, ${framework} `);
  const results = await interleaved(contenders, { rounds, warmUp }).finally(() => {
    for (const contender of opened) contender.close();
  });
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

/**
 * A service and its client, each in a process of its own.
 *
 * @param {string} framework
 * @param {boolean} mounted
 * @param {string} kind
 */
async function open(framework, mounted, kind) {
  const requests = quick ? 1000 : requestsOf[framework];
  const service = await spawnService("services.js", framework, mounted);
  const load = spawnLoad({ port: service.port, connections, request: exchanges[kind] });
  return {
    async turn() {
      await load.drive(requests / 4);
      const before = await service.cpuMicros();
      const seconds = await load.drive(requests);
      const cpuMicros = ((await service.cpuMicros()) - before) / requests;
      return { perSecond: requests / seconds, cpuMicros };
    },
    close() {
      load.close();
      service.close();
    },
  };
}
