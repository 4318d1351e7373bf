// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** @typedef {import("node:child_process").ChildProcess} ChildProcess */

/**
 * A fleet of processes on loopback: an instance of the upstream each on an address of its own, and clients that connect to
 * one of them at random. Has what a scenario asks of a simulated world.
 */
export class RealFleet {
  /** @type {{ address: string, child: ChildProcess, accepting: boolean }[]} */
  #upstream = [];
  /** @type {ChildProcess[]} */
  #clients = [];
  #port = 0;

  /** @param {import("../world.js").FleetSettings} settings */
  constructor(settings) {
    this.settings = settings;
  }

  async open() {
    const { instances, clients, instance } = this.settings;
    for (let index = 0; index < instances; index += 1) {
      const address = `127.0.0.${index + 1}`;
      const args = [address, JSON.stringify(instance), String(this.#port)];
      const child = fork(new URL("instance-process.js", import.meta.url), args, { execArgv: [] });
      [this.#port] = await once(child, "message");
      this.#upstream.push({ address, child, accepting: true });
    }
    for (let index = 0; index < clients; index += 1) {
      const child = fork(new URL("client-process.js", import.meta.url), { execArgv: [] });
      await once(child, "message");
      this.#clients.push(child);
    }
  }

  /** Calls a second that the instances can respond to. */
  get capacity() {
    const { instances, instance } = this.settings;
    return (instances * instance.workers * 1000) / instance.serviceMs;
  }

  /** Time of a scenario, on the real clock. */
  queue = {
    after: (/** @type {number} */ delayMs, /** @type {() => void} */ run) => {
      setTimeout(run, delayMs);
    },
  };

  /** The instances, as a scenario handles them. */
  get instances() {
    return this.#upstream.map((instance) => {
      const tell = (/** @type {string} */ command, /** @type {boolean} */ accepting) => () => {
        instance.accepting = accepting;
        instance.child.send(command);
      };
      return { stop: tell("stop", false), crash: tell("crash", false), start: tell("start", true) };
    });
  }

  balancer = {
    onStopped: () => {
      setTimeout(() => this.#list(), this.settings.noticeMs);
    },
    onStarted: () => this.#list(),
  };

  /**
   * Runs one policy in one scenario.
   *
   * @param {import("../scenarios.js").Scenario} scenario
   * @param {string} policy
   */
  async run(scenario, policy) {
    const { load, clients, timeoutMs, usefulMs } = this.settings;
    this.#list();
    await Promise.all(
      this.#clients.map((child) => {
        child.send({ policy, url: `http://upstream.test:${this.#port}/`, timeoutMs });
        return once(child, "message");
      }),
    );
    for (const { child } of this.#upstream) child.send("begin");
    const task = {
      policy,
      perSecond: (load * this.capacity) / clients,
      durationMs: scenario.durationMs,
      usefulMs,
    };
    scenario.plan(/** @type {any} */ (this));
    const tallies = await Promise.all(
      this.#clients.map(async (child, client) => {
        child.send({ task: { ...task, client } });
        const [tally] = await once(child, "message");
        return /** @type {import("./client-process.js").Tally[]} */ (tally);
      }),
    );
    const counts = await Promise.all(
      this.#upstream.map(async ({ child }) => {
        child.send("report");
        const [counted] = await once(child, "message");
        return /** @type {import("./instance-process.js").Counted} */ (counted);
      }),
    );
    const posts = counts.flatMap((counted) => counted.posts);
    return {
      seconds: Array.from({ length: scenario.durationMs / 1000 }, (_, second) => ({
        calls: sum(tallies.map((tally) => tally[second].calls)),
        good: sum(tallies.map((tally) => tally[second].good)),
        requests: sum(counts.map(({ requests }) => requests[second] ?? 0)),
      })),
      duplicates: posts.length - new Set(posts).size,
    };
  }

  /** Ends all processes. */
  async close() {
    for (const child of [...this.#clients, ...this.#upstream.map(({ child }) => child)]) {
      if (child.connected) child.disconnect();
    }
    await sleep(100);
  }

  #list() {
    const accepting = this.#upstream.filter((instance) => instance.accepting);
    const listed = accepting.map(({ address }) => address);
    for (const client of this.#clients) client.send({ listed });
  }
}

function sum(/** @type {readonly number[]} */ values) {
  return values.reduce((total, value) => total + value, 0);
}
