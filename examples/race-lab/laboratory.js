// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";

import { spawnFaultyUpstream } from "@reissue/testing";

/** The file of each client, and its name in the table. */
const clients = {
  fetch: "fetch",
  "http-agent": "http.Agent",
  "fetch-retry": "fetch, 4 tries",
  reissue: "Reissue",
};

/** @typedef {{ name: string, origin: string }} Service */

/** One faulty upstream, and a service for each client, each in a process of its own. */
export class Laboratory {
  /** @type {import("@reissue/testing").SpawnedUpstream | undefined} */
  #upstream;
  /** @type {import("node:child_process").ChildProcess[]} */
  #children = [];
  /** @type {Service[]} */
  services = [];

  /**
   * @param {import("@reissue/testing").SpawnedUpstreamOptions} options
   */
  async open(options) {
    this.#upstream = await spawnFaultyUpstream(options);
    const { origin } = this.#upstream;
    this.services = await Promise.all(
      Object.entries(clients).map(([file, name]) => this.#start(file, name, origin)),
    );
    return this.#upstream;
  }

  /**
   * Not one process for all clients: merely importing undici gives built-in fetch undici's connection pool.
   *
   * @param {string} file
   * @param {string} name
   * @param {string} upstream
   * @returns {Promise<Service>}
   */
  async #start(file, name, upstream) {
    const child = fork(new URL("service.js", import.meta.url), [file, upstream]);
    this.#children.push(child);
    const exited = once(child, "exit").then(([code]) => {
      throw new Error(`the service with ${name} exited with ${code}`);
    });
    const [origin] = await Promise.race([once(child, "message"), exited]);
    return { name, origin };
  }

  /** Ends every process that was started, and returns when they are gone. */
  async close() {
    const running = this.#children.filter((child) => child.connected);
    const exits = running.map((child) => once(child, "exit"));
    for (const child of running) child.disconnect();
    await Promise.all([...exits, this.#upstream?.close()]);
  }
}
