// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { spawnFaultyUpstream } from "@reissue/testing";

/** @typedef {{ file: string, name: string, preload?: boolean }} Client - `preload`: with `--import @reissue/register`. */

/** Four ways to call an upstream. @type {readonly Client[]} */
export const ways = [
  { file: "fetch", name: "fetch" },
  { file: "http-agent", name: "http.Agent" },
  { file: "fetch-retry", name: "fetch, 4 tries" },
  { file: "reissue", name: "Reissue" },
];

/** Services as they are, and the same with one line on their command line. @type {readonly (readonly Client[])[]} */
export const preloaded = [false, true].map((preload) =>
  ["axios", "got", "fetch", "aws"].map((file) => ({
    file,
    name: preload ? `${file} + register` : file,
    preload,
  })),
);

const register = fileURLToPath(import.meta.resolve("@reissue/register"));

/** @typedef {{ name: string, origin: string }} Service */

/** One faulty upstream, and a service for each client, each in a process of its own. */
export class Laboratory {
  /** @type {import("@reissue/testing").SpawnedUpstream | undefined} */
  #upstream;
  /** @type {import("node:child_process").ChildProcess[]} */
  #children = [];
  /** @type {Service[]} */
  services = [];

  /** @type {readonly Client[]} */
  #clients;

  /** @param {readonly Client[]} clients */
  constructor(clients) {
    this.#clients = clients;
  }

  /**
   * @param {import("@reissue/testing").SpawnedUpstreamOptions} options
   */
  async open(options) {
    this.#upstream = await spawnFaultyUpstream(options);
    const { origin } = this.#upstream;
    this.services = await Promise.all(this.#clients.map((client) => this.#start(client, origin)));
    return this.#upstream;
  }

  /**
   * Not one process for all clients: merely importing undici gives built-in fetch undici's connection pool.
   *
   * @param {Client} client
   * @param {string} upstream
   * @returns {Promise<Service>}
   */
  async #start({ file, name, preload = false }, upstream) {
    const execArgv = preload ? ["--import", register] : [];
    const child = fork(new URL("service.js", import.meta.url), [file, upstream], { execArgv });
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
