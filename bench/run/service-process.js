// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";

import { pin } from "./pin.js";

const script = import.meta.filename;

/**
 * @typedef {object} ToServe
 * @property {string} name
 * @property {unknown} argument - What it is opened with, as JSON has it.
 */

/**
 * Starts services in a process of their own, one after the other.
 *
 * @param {string} file - The module whose `services` has them, beside the benches.
 * @param {readonly ToServe[]} services
 */
export async function spawnServices(file, services) {
  const child = fork(script, ["serve", file, JSON.stringify(services)], { execArgv: [] });
  pin(child, 0);
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`the process of ${services[0].name} exited with ${code}`);
  });
  exited.catch(() => {});
  const [ports] = await Promise.race([once(child, "message"), exited]);
  return {
    /** One a service, in their order. */
    ports: /** @type {number[]} */ (ports),
    /** What they have taken of the processor so far, user and system, in µs. */
    async cpuMicros() {
      child.send("cpu");
      const [micros] = await Promise.race([once(child, "message"), exited]);
      return Number(micros);
    },
    close: () => child.disconnect(),
    /** Kills them with whatever they are doing. */
    async kill() {
      child.kill("SIGKILL");
      await exited.catch(() => {});
    },
  };
}

async function serve() {
  const [file, toServe] = process.argv.slice(3);
  const { services } = await import(`../${file}`);
  const ports = [];
  for (const { name, argument } of JSON.parse(toServe)) {
    /** @type {import("node:http").Server} */
    const server = await services[name](argument);
    // Longer than a round: a client that waits for its turn must find its connections open.
    server.keepAliveTimeout = 600_000;
    ports.push(/** @type {import("node:net").AddressInfo} */ (server.address()).port);
  }
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.on("disconnect", () => process.exit());
  process.send?.(ports);
}

if (process.argv[1] === script && process.argv[2] === "serve") await serve();
