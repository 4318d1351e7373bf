// @ts-check
// What it costs that bytes are copied when a call begins: a POST of them beside one by undici's Pool, which copies
// nothing, and beside that with the same copy made by hand.
import { createUpstream } from "@reissue/upstream";
import { Pool } from "undici";

import { drive } from "./run/load.js";
import { spawnPlainUpstream } from "./run/plain-upstream.js";
import { quick } from "./run/quick.js";
import { publish } from "./run/result.js";
import { interleaved } from "./run/rounds.js";
import { median, ratio } from "./run/statistics.js";

const concurrency = 16;
const rounds = quick ? 3 : 40;
const warmUp = quick ? 1 : 5;

/** How many requests a turn takes, by the size of their bodies: turns of about as long. */
const turns = { "1 KiB": [2 ** 10, 1500], "64 KiB": [2 ** 16, 500], "1 MiB": [2 ** 20, 60] };

const server = await spawnPlainUpstream();
const upstream = createUpstream({ connections: concurrency });
const pool = new Pool(server.origin, { connections: concurrency });
const url = `${server.origin}/2`;

/** @typedef {(body: Buffer) => Promise<unknown>} Post */

/** @type {Post} */
const poolPost = (body) => read(pool.request({ path: "/2", method: "POST", body }));

/** @type {Record<string, Post>} */
const posts = {
  "Pool.request": poolPost,
  "Pool.request, copied by hand": (body) => poolPost(Buffer.from(body)),
  "upstream.request": (body) => read(upstream.request(url, { method: "POST", body })),
  "Pool.request (again)": poolPost,
};

/** @type {import("./run/finding.js").Finding[]} */
const findings = [];
/** @type {Record<string, Record<string, number>>} */
const medians = {};
for (const [size, [bytes, requests]] of Object.entries(turns)) {
  const body = Buffer.alloc(bytes, "x");
  const contenders = Object.entries(posts).map(([name, post]) => ({
    name,
    turn: () => drive(() => post(body), { requests, concurrency }),
  }));
  process.stderr.write(`${size} `);
  const results = await interleaved(contenders, { rounds, warmUp });
  const cpu = (/** @type {string} */ name) =>
    (results.get(name) ?? []).map(({ cpuMicros }) => cpuMicros);
  for (const name of Object.keys(posts)) {
    medians[`${name}, ${size}`] = { "CPU µs a request": median(cpu(name)) };
  }
  for (const [contender, beside] of [
    ["Pool.request, copied by hand", "Pool.request"],
    ["upstream.request", "Pool.request, copied by hand"],
    ["upstream.request", "Pool.request"],
    ["Pool.request (again)", "Pool.request"],
  ]) {
    const measure = `CPU a request, POST of ${size}`;
    findings.push({
      measure,
      contender,
      beside,
      unit: "",
      spread: ratio(cpu(contender), cpu(beside)),
    });
  }
}
await upstream.close();
await pool.close();
server.close();
publish("bodies", { rounds, medians, findings });

/** @param {Promise<import("undici").Dispatcher.ResponseData>} response */
async function read(response) {
  const { body } = await response;
  return body.text();
}
