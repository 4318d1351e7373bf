// @ts-check

/**
 * @typedef {object} InstanceSettings
 * @property {number} workers - Requests that it processes at a time.
 * @property {number} serviceMs - Mean time for one, drawn from an exponential distribution.
 * @property {number} maxQueue - Requests that wait; more get 503 at once.
 * @property {number} idleMs - How long it keeps a connection without a request.
 * @property {number} coldMs - How long it is slow after its start.
 * @property {number} coldFactor
 * @property {number} graceMs - How long it goes on with requests in a restart.
 */

/** One instance of the upstream: workers, a queue in order of arrival, and an idle timeout. */
export class Instance {
  /** Whether it takes connections. */
  accepting = true;
  /** How many times longer a request takes. */
  slowness = 1;
  /** @type {Set<import("./connection.js").Connection>} */
  #connections = new Set();
  /** @type {{ call: import("./call.js").Call, connection: import("./connection.js").Connection }[]} */
  #queue = [];
  #head = 0;
  #active = 0;
  #coldUntilMs = 0;
  /** Which life it is in: what an earlier one had begun is lost. */
  #life = 0;

  /**
   * @param {import("./world.js").World} world
   * @param {InstanceSettings} settings
   */
  constructor(world, settings) {
    this.world = world;
    this.settings = settings;
  }

  /** @param {import("./connection.js").Connection} connection */
  accept(connection) {
    this.#connections.add(connection);
    connection.restingSinceMs = this.world.queue.nowMs;
    this.#watch(connection, this.settings.idleMs);
  }

  /**
   * Gets a request, one way after it was written.
   *
   * @param {import("./call.js").Call} call
   * @param {import("./connection.js").Connection} connection
   */
  receive(call, connection) {
    const { world, settings } = this;
    if (!connection.openAtInstance) return this.#tellEnd(connection);
    world.metrics.onRequest(world.queue.nowMs);
    connection.pending += 1;
    if (this.#active < settings.workers) return this.#process(call, connection);
    if (this.#queue.length - this.#head >= settings.maxQueue) {
      return this.#respond(call, connection, 503);
    }
    this.#queue.push({ call, connection });
  }

  /** Notes that the client has closed a connection: its requests are processed all the same. */
  onClientClose(/** @type {import("./connection.js").Connection} */ connection) {
    connection.openAtInstance = false;
    this.#connections.delete(connection);
  }

  /** Stops as services do on SIGTERM: idle connections end, requests have a time of grace, and the rest is cut. */
  stop() {
    this.accepting = false;
    for (const connection of this.#connections) {
      if (connection.pending === 0) this.#close(connection);
      else connection.closing = true;
    }
    const life = this.#life;
    this.world.queue.after(this.settings.graceMs, () => {
      if (life === this.#life) this.crash();
    });
  }

  /** Ends at once, with everything that was under way. */
  crash() {
    this.accepting = false;
    this.#life += 1;
    this.#queue = [];
    this.#head = 0;
    this.#active = 0;
    for (const connection of this.#connections) this.#close(connection);
  }

  start() {
    this.accepting = true;
    this.#coldUntilMs = this.world.queue.nowMs + this.settings.coldMs;
  }

  /**
   * @param {import("./call.js").Call} call
   * @param {import("./connection.js").Connection} connection
   */
  #process(call, connection) {
    const { world, settings } = this;
    const { queue, metrics } = world;
    const life = this.#life;
    this.#active += 1;
    call.processed += 1;
    // A request that is cut later counts as well: whoever sent it cannot know that it was not done.
    if (call.processed > 1) metrics.onRepeat(call);
    const cold = queue.nowMs < this.#coldUntilMs ? settings.coldFactor : 1;
    const meanMs = settings.serviceMs * cold * this.slowness;
    queue.after(-Math.log(1 - world.random()) * meanMs, () => {
      if (life !== this.#life) return;
      this.#active -= 1;
      this.#respond(call, connection, 200);
      this.#next();
    });
  }

  #next() {
    if (this.#head === this.#queue.length) return;
    const { call, connection } = this.#queue[this.#head];
    this.#head += 1;
    if (this.#head > 1000) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    this.#process(call, connection);
  }

  /**
   * @param {import("./call.js").Call} call
   * @param {import("./connection.js").Connection} connection
   * @param {number} status
   */
  #respond(call, connection, status) {
    const { queue, oneWayMs } = this.world;
    connection.pending -= 1;
    if (!connection.openAtInstance) return;
    connection.restingSinceMs = queue.nowMs;
    if (!this.accepting) connection.closing = true;
    const { closing } = connection;
    if (closing) this.onClientClose(connection);
    queue.after(oneWayMs, () => connection.client.onResponse(call, connection, status, closing));
  }

  /** Closes a connection that has no request for the time of the idle timeout. */
  #watch(
    /** @type {import("./connection.js").Connection} */ connection,
    /** @type {number} */ inMs,
  ) {
    const { queue } = this.world;
    queue.after(inMs, () => {
      if (!connection.openAtInstance) return;
      const leftMs = connection.restingSinceMs + this.settings.idleMs - queue.nowMs;
      if (connection.pending > 0) this.#watch(connection, this.settings.idleMs);
      else if (leftMs > 1e-6) this.#watch(connection, leftMs);
      else this.#close(connection);
    });
  }

  #close(/** @type {import("./connection.js").Connection} */ connection) {
    this.onClientClose(connection);
    this.#tellEnd(connection);
  }

  #tellEnd(/** @type {import("./connection.js").Connection} */ connection) {
    const { queue, oneWayMs } = this.world;
    queue.after(oneWayMs, () => connection.client.onEnd(connection));
  }
}
