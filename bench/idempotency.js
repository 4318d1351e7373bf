// @ts-check
// Requests a second of services that keep the answers to keyed requests, beside bare ones, ones that call Redis by hand,
// and other middleware; and what each of these does where its clients, its network or its process do not behave.
import { randomUUID } from "node:crypto";

import { services } from "./keyed-services.js";
import { peers } from "./peers.js";
import { probeAll } from "./run/probes.js";
import { quick } from "./run/quick.js";
import { redisRecords } from "./run/redis-records.js";
import { startRedis } from "./run/redis-server.js";
import { publish } from "./run/result.js";
import { interleavedAnew } from "./run/rounds.js";
import { openServices } from "./run/service-contender.js";
import { median, ratio, spread } from "./run/statistics.js";

const times = quick ? 1 : 4;
const leastRounds = quick ? 2 : 36;
const warmUp = quick ? 1 : 9;

/** Of one turn; some 100 ms of each. @type {Record<string, { memory: number, redis: number }>} */
const requestsOf = {
  "Express 5": { memory: 600, redis: 400 },
  "Koa 3": { memory: 800, redis: 480 },
  "Fastify 5": { memory: 1400, redis: 600 },
};

const body = JSON.stringify({ item: "tea", note: "y".repeat(100) });
const counter = "#".repeat(12);

/** @type {import("./run/finding.js").Finding[]} */
const findings = [];
/** @type {Record<string, Record<string, number>>} */
const medians = {};

process.stderr.write("probes\n");
const { probed, trips } = await probeAll(["Reissue", ...Object.keys(peers)]);
const redis = await startRedis();
const answerBytes = 500;
const record = await redisRecords(redis.url, answerBytes);
let fewestRounds = Infinity;
for (const framework of Object.keys(services)) {
  for (const url of [null, redis.url]) {
    fewestRounds = Math.min(fewestRounds, await run(framework, url));
  }
}
await redis.stop();
for (const { name, first, replay } of trips) {
  const common = { contender: name, beside: null, unit: /** @type {const} */ ("") };
  const isOurs = name === "Reissue";
  findings.push(
    {
      measure: "round trips to Redis, first request",
      ...common,
      spread: first,
      ...(isOurs && { target: { exactly: 2 } }),
    },
    {
      measure: "round trips to Redis, replay",
      ...common,
      spread: replay,
      ...(isOurs && { target: { exactly: 1 } }),
    },
  );
}
const sizes = [
  { measure: "a record in Redis, in flight", bytes: record.inFlight },
  { measure: `a record in Redis, with an answer of ${answerBytes} bytes`, bytes: record.completed },
];
for (const { measure, bytes } of sizes) {
  const common = { contender: "Reissue", beside: null, unit: /** @type {const} */ ("bytes") };
  findings.push({ measure, ...common, spread: spread([bytes]) });
}
publish("idempotency", { rounds: fewestRounds, medians, findings, probed });

/**
 * @param {string} framework
 * @param {string | null} redisUrl - Null where answers are kept in memory.
 * @returns How many rounds it took.
 */
async function run(framework, redisUrl) {
  const keeping = redisUrl === null ? "nothing" : "by hand";
  const where = redisUrl === null ? "memory" : "redis";
  const baseline = redisUrl === null ? framework : `${framework} + GET and SET`;
  const kind = redisUrl === null ? "in memory" : "in Redis";
  const others = framework === "Express 5" ? Object.keys(peers) : [];
  /** @type {{ name: string, keeping: string, replays?: boolean, measure: string, atLeast?: number }[]} */
  const entries = [
    { name: baseline, keeping, measure: "first request" },
    {
      name: `${framework} + Reissue`,
      keeping: "Reissue",
      measure: "first request",
      atLeast: redisUrl === null ? 0.85 : 0.9,
    },
    { name: `${baseline} (again)`, keeping, measure: "first request" },
    ...(redisUrl === null
      ? [
          { name: `${framework} + Map by hand`, keeping: "by hand", measure: "first request" },
          { name: `${framework} + straight line`, keeping: "straight", measure: "first request" },
        ]
      : [{ name: `${baseline}, untimed`, keeping: "by hand, untimed", measure: "first request" }]),
    ...others.map((peer) => ({
      name: `${framework} + ${peer}`,
      keeping: peer,
      measure: "first request",
    })),
    {
      name: `${framework} + Reissue, replays`,
      keeping: "Reissue",
      replays: true,
      measure: "replay",
    },
  ];
  const requests = requestsOf[framework][where];
  // Each has a process of its own: what one of them keeps is not to be swept up in another's turn.
  const open = () =>
    Promise.all(
      entries.map(({ name, keeping, replays = false }) =>
        openServices([contender(name, framework, { keeping, replays, redisUrl }, requests)]),
      ),
    );
  process.stderr.write(`${framework}, ${kind} `);
  // A multiple of twice their number, so that each is as often first as any other.
  const cycle = 2 * entries.length;
  const rounds = Math.ceil(leastRounds / cycle) * cycle;
  const results = await interleavedAnew(open, { times, rounds, warmUp });
  const series = (/** @type {string} */ name, /** @type {"perSecond" | "cpuMicros"} */ figure) =>
    (results.get(name) ?? []).map((figures) => figures[figure]);
  for (const { name, measure, atLeast } of entries) {
    medians[`${name}, ${kind}`] = {
      "requests a second": median(series(name, "perSecond")),
      "CPU µs a request": median(series(name, "cpuMicros")),
    };
    if (name === baseline) continue;
    findings.push({
      measure: `requests a second, ${measure}, ${kind}`,
      contender: name.replace(", replays", ""),
      beside: baseline,
      unit: "",
      spread: ratio(series(name, "perSecond"), series(baseline, "perSecond")),
      ...(atLeast !== undefined && { target: { atLeast } }),
    });
  }
  if (redisUrl !== null) {
    const [ours, untimed] = [`${framework} + Reissue`, `${baseline}, untimed`];
    findings.push({
      measure: `requests a second, first request, ${kind}`,
      contender: ours,
      beside: untimed,
      unit: "",
      spread: ratio(series(ours, "perSecond"), series(untimed, "perSecond")),
    });
  }
  return times * rounds;
}

/**
 * @param {string} name
 * @param {string} framework
 * @param {import("./keyed-services.js").Keyed} keyed
 * @param {number} requests - Of a turn.
 * @returns {import("./run/service-contender.js").Served}
 */
function contender(name, framework, keyed, requests) {
  // Keys as clients make them, that no other client makes.
  const key = randomUUID().slice(0, -counter.length) + (keyed.replays ? "0".repeat(12) : counter);
  const request = `POST /orders HTTP/1.1\r\nHost: shop\r\nIdempotency-Key: ${key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  return {
    name,
    file: "keyed-services.js",
    framework,
    argument: keyed,
    request,
    requests,
    // Redis needs a processor, too.
    sleeps: keyed.redisUrl !== null,
    ...(!keyed.replays && { counter }),
  };
}
