// @ts-check
import { setTimeout as sleep } from "node:timers/promises";

import { startRedis } from "./redis-server.js";
import { spawnServices } from "./service-process.js";
import { spread } from "./statistics.js";
import { table } from "./table.js";

/**
 * What each contender did where its clients, its network or its process did not behave.
 *
 * @typedef {object} Probe
 * @property {string} probe
 * @property {string} right
 * @property {Record<string, string>} got - By contender.
 */

/** How long an answer is waited for. */
const limitMs = 3000;

const leaseMs = 1500;

let number = 0;

/** One that nobody has used. */
function newKey() {
  number += 1;
  return `probe-${process.pid}-${number}`;
}

/** @type {Record<string, { right: string, probe: (port: number) => Promise<string> }>} */
const probes = {
  "20 keys, each sent 8 times at once": { right: "20 runs", probe: duplicates },
  "a key again, with another body": {
    right: "422",
    async probe(port) {
      const key = newKey();
      await post(port, "/orders", { key });
      return String((await post(port, "/orders", { key, body: { item: "coffee" } })).status);
    },
  },
  "another user's key and body": {
    right: "an answer of one's own",
    async probe(port) {
      const key = newKey();
      await post(port, "/orders", { key, caller: "Ada" });
      const { bytes } = await post(port, "/orders", { key, caller: "Bob" });
      return bytes.includes("Ada") ? "the other user's answer" : "an answer of one's own";
    },
  },
  "a retry of 256 bytes of all values": { right: "the same", probe: retried("/label") },
  "a retry of res.write and res.end": { right: "the same", probe: retried("/lines") },
  "a retry of a redirect": { right: "the same", probe: retried("/moved") },
  "a retry of a 402 with Retry-After": { right: "the same", probe: retried("/declined") },
  'a retry with "k" in quotes after k': {
    right: "1 run",
    async probe(port) {
      const key = newKey();
      await post(port, "/orders", { key });
      await post(port, "/orders", { key: `"${key}"` });
      return plural(await runsOf(port, key));
    },
  },
  "a key without its closing quote": {
    right: "400",
    probe: async (port) => String((await post(port, "/orders", { key: `"${newKey()}` })).status),
  },
};

/**
 * Probes contenders, each with a Redis of its own, and counts what it sends there.
 *
 * @param {readonly string[]} contenders
 */
export async function probeAll(contenders) {
  const results = await Promise.all(
    contenders.map(async (name) => ({ name, ...(await probeOn(name)) })),
  );
  const names = Object.keys(results[0].got);
  return {
    /** @type {Probe[]} */
    probed: names.map((probe) => ({
      probe,
      right: results[0].got[probe].right,
      got: Object.fromEntries(results.map(({ name, got }) => [name, got[probe].what])),
    })),
    trips: results.map(({ name, trips }) => ({ name, ...trips })),
  };
}

/**
 * The probes as a Markdown table.
 *
 * @param {readonly Probe[]} probed
 */
export function probeTable(probed) {
  const contenders = Object.keys(probed[0]?.got ?? {});
  return table(
    ["what happens", "right", ...contenders],
    probed.map(({ probe, right, got }) => [probe, right, ...contenders.map((name) => got[name])]),
  );
}

/** @param {string} name */
async function probeOn(name) {
  /** @type {Record<string, { right: string, what: string }>} */
  const got = {};
  const inMemory = await open(name, null);
  got["20 keys, each sent 8 times at once, in memory"] = {
    right: "20 runs",
    what: await duplicates(inMemory.port),
  };
  inMemory.close();

  const redis = await startRedis();
  const service = await open(name, redis.url);
  try {
    const trips = await tripsOf(service.port, redis);
    for (const [probe, { right, probe: run }] of Object.entries(probes)) {
      got[probe] = { right, what: await run(service.port) };
    }
    got["credentials of a request in Redis"] = {
      right: "none",
      what: await credentials(service.port, redis),
    };
    const stuck = newKey();
    void post(service.port, "/stuck", { key: stuck });
    await until(async () => (await runsOf(service.port, stuck)) === 1);
    await service.kill();
    await sleep(leaseMs + 500);
    const heir = await open(name, redis.url);
    const { status } = await post(heir.port, "/stuck", { key: stuck });
    got["a retry 2 s after a kill -9 in the handler"] = {
      right: "runs again",
      what: (await runsOf(heir.port, stuck)) === 1 ? "runs again" : String(status),
    };
    await redis.stop();
    const down = await post(heir.port, "/orders", { key: newKey() });
    got["Redis is down"] = {
      right: "503",
      what: down.status === 0 ? "no answer in 3 s" : String(down.status),
    };
    await heir.kill();
    return { got, trips };
  } finally {
    await service.kill();
    await redis.stop();
  }
}

/**
 * @param {string} name
 * @param {string | null} redisUrl
 */
async function open(name, redisUrl) {
  const probed = { name, argument: { redisUrl, leaseMs } };
  const { ports, ...service } = await spawnServices("probed-services.js", [probed]);
  return { port: ports[0], ...service };
}

/**
 * How many commands a first request and a replay send to Redis, in each of several rounds.
 *
 * @param {number} port
 * @param {Awaited<ReturnType<typeof startRedis>>} redis
 */
async function tripsOf(port, redis) {
  // Redis learns scripts from the first who runs them.
  const known = newKey();
  await post(port, "/orders", { key: known });
  await post(port, "/orders", { key: known });
  const first = [];
  const replay = [];
  for (let round = 0; round < 10; round += 1) {
    const key = newKey();
    for (const counts of [first, replay]) {
      const sent = await redis.monitor();
      await post(port, "/orders", { key });
      counts.push((await sent()).length);
    }
  }
  return { first: spread(first), replay: spread(replay) };
}

/**
 * What is found in Redis of the credentials that a request came with.
 *
 * @param {number} port
 * @param {Awaited<ReturnType<typeof startRedis>>} redis
 */
async function credentials(port, redis) {
  const sent = await redis.monitor();
  await post(port, "/lines", { key: newKey(), caller: "Bearer c4fe", cookie: "session=5ec2e7" });
  const commands = (await sent()).join("\n");
  const found = [
    ...(commands.includes("c4fe") ? ["Authorization"] : []),
    ...(commands.includes("5ec2e7") ? ["Cookie"] : []),
  ];
  return found.length === 0 ? "none" : found.join(", ");
}

/** @param {number} port */
async function duplicates(port) {
  const keys = Array.from({ length: 20 }, newKey);
  await Promise.all(
    keys.flatMap((key) => Array.from({ length: 8 }, () => post(port, "/orders", { key }))),
  );
  const runs = await Promise.all(keys.map((key) => runsOf(port, key)));
  return plural(runs.reduce((sum, count) => sum + count, 0));
}

/** @param {string} path */
function retried(path) {
  return async (/** @type {number} */ port) => {
    const key = newKey();
    const first = await post(port, path, { key });
    const { status, ...again } = await post(port, path, { key });
    if (status === first.status && JSON.stringify({ status, ...again }) === JSON.stringify(first)) {
      return "the same";
    }
    if ((await runsOf(port, key)) > 1) return "runs again";
    return status === first.status ? "another answer" : String(status || "no answer");
  };
}

/**
 * @param {number} port
 * @param {string} path
 * @param {{ key: string, body?: object, caller?: string, cookie?: string }} request
 */
async function post(port, path, { key, body = { item: "tea" }, caller = "Ada", cookie = "" }) {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: {
        "content-type": "application/json",
        "idempotency-key": key,
        authorization: caller,
        cookie,
      },
      redirect: "manual",
      signal: AbortSignal.timeout(limitMs),
    });
    const bytes = Buffer.from(await answer.arrayBuffer()).toString("latin1");
    const { headers, status } = answer;
    return {
      status,
      bytes,
      type: headers.get("content-type"),
      location: headers.get("location"),
      retryAfter: headers.get("retry-after"),
    };
  } catch {
    return { status: 0, bytes: "", type: null, location: null, retryAfter: null };
  }
}

/**
 * @param {number} port
 * @param {string} key
 */
async function runsOf(port, key) {
  const answer = await fetch(`http://127.0.0.1:${port}/runs/${key}`);
  return Number(await answer.text());
}

/** @param {number} count */
function plural(count) {
  return count === 1 ? "1 run" : `${count} runs`;
}

/** @param {() => Promise<boolean>} holds */
async function until(holds) {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries === 200) throw new Error("a handler was not called");
    await sleep(20);
  }
}
