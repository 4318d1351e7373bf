// @ts-check

/**
 * Takes the most recently used connection that has not been idle for longer than the limit, as `http.Agent` and undici's
 * `Pool` do, and connects whenever there is none.
 */
export class PlainPool {
  /**
   * @param {import("../client.js").Client} client
   * @param {number} idleMs - Infinity keeps connections until the instance ends them.
   */
  constructor(client, idleMs) {
    this.client = client;
    this.idleMs = idleMs;
  }

  begin() {}

  /** @returns {import("../connection.js").Connection | null} */
  take() {
    const { idle, world } = this.client;
    const oldestMs = world.queue.nowMs - this.idleMs;
    while (idle.length > 0 && idle[0].idleSinceMs < oldestMs) this.client.close(idle[0]);
    return idle.pop() ?? null;
  }

  admits() {
    return true;
  }

  onConnected() {}

  onSuccess() {}

  onIdle() {}

  onIdleEnd() {}
}
