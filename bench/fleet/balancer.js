// @ts-check

/**
 * Spreads connections, not requests: each goes to an instance at random, as with a Kubernetes service. An instance that
 * is down is left out once that is known.
 */
export class Balancer {
  /** @type {readonly import("./instance.js").Instance[]} */
  #listed;

  /**
   * @param {import("./world.js").World} world
   * @param {readonly import("./instance.js").Instance[]} instances
   * @param {number} noticeMs - Until an instance that is down is left out.
   */
  constructor(world, instances, noticeMs) {
    this.world = world;
    this.instances = instances;
    this.noticeMs = noticeMs;
    this.#listed = instances;
  }

  /** Instance for a new connection; null where none is known to be up. */
  pick() {
    const { length } = this.#listed;
    return length === 0 ? null : this.#listed[Math.floor(this.world.random() * length)];
  }

  onStopped() {
    this.world.queue.after(this.noticeMs, () => this.#list());
  }

  onStarted() {
    this.#list();
  }

  #list() {
    this.#listed = this.instances.filter((instance) => instance.accepting);
  }
}
