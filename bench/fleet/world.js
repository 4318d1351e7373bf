// @ts-check
import { RetryCounts } from "@reissue/core/internal";
import { seededRandom } from "@reissue/testing";

import { Balancer } from "./balancer.js";
import { Client } from "./client.js";
import { EventQueue } from "./event-queue.js";
import { Instance } from "./instance.js";
import { Metrics } from "./metrics.js";

/**
 * @typedef {object} FleetSettings
 * @property {number} clients
 * @property {number} instances
 * @property {number} load - Calls, as a share of what the instances can do.
 * @property {number} oneWayMs - From a client to an instance, and back.
 * @property {number} timeoutMs - For how long an attempt waits.
 * @property {number} usefulMs
 * @property {number} noticeMs
 * @property {import("./instance.js").InstanceSettings} instance
 */

const methods = /** @type {const} */ ([
  ["GET", 0.7],
  ["PUT", 0.1],
  ["POST", 0.2],
]);

/** Clients, balancer and instances of one simulation, with a clock and random numbers of their own. */
export class World {
  queue = new EventQueue();
  counts = new RetryCounts();
  /** Factor of the load at present. */
  surge = 1;

  /**
   * @param {FleetSettings} settings
   * @param {number} durationMs
   * @param {(client: Client) => import("./client.js").Policy} policyOf
   * @param {number} seed
   */
  constructor(settings, durationMs, policyOf, seed) {
    const { queue } = this;
    const { clients, instances, instance, noticeMs } = settings;
    this.settings = settings;
    this.durationMs = durationMs;
    this.random = seededRandom(seed);
    /** Draws of the policies: the load is the same for each of them. */
    const random = seededRandom(seed + 1);
    this.#arrivals = seededRandom(seed + 2);
    /** @type {import("@reissue/core").Clock} */
    this.clock = {
      now: () => queue.nowMs,
      wallNow: () => queue.nowMs,
      setTimeout: (callback, delayMs) => queue.after(delayMs, callback),
      clearTimeout: (timer) =>
        queue.cancel(/** @type {import("./event-queue.js").Event} */ (timer)),
      random,
    };
    this.oneWayMs = settings.oneWayMs;
    this.timeoutMs = settings.timeoutMs;
    this.metrics = new Metrics(durationMs, settings.usefulMs);
    this.instances = Array.from({ length: instances }, () => new Instance(this, instance));
    this.balancer = new Balancer(this, this.instances, noticeMs);
    this.clients = Array.from({ length: clients }, () => new Client(this, policyOf));
  }

  #arrivals;

  /** Calls a second that the instances can respond to. */
  get capacity() {
    const { instances, instance } = this.settings;
    return (instances * instance.workers * 1000) / instance.serviceMs;
  }

  /** Lets the clients call until the end, and then waits for the last responses. */
  run() {
    this.#plan();
    return this.queue.run(this.durationMs) + this.queue.run(this.durationMs + 60_000);
  }

  /** Plans the next call of any client: one Poisson process for all is one for each. */
  #plan() {
    const perMs = (this.settings.load * this.surge * this.capacity) / 1000;
    this.queue.after(-Math.log(1 - this.#arrivals()) / perMs, () => {
      if (this.queue.nowMs >= this.durationMs) return;
      const client = this.clients[Math.floor(this.#arrivals() * this.clients.length)];
      client.call(methodOf(this.#arrivals()));
      this.#plan();
    });
  }
}

function methodOf(/** @type {number} */ drawn) {
  let sum = 0;
  for (const [method, share] of methods) {
    sum += share;
    if (drawn < sum) return method;
  }
  return "GET";
}
