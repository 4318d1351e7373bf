// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";

import { pin } from "./pin.js";

const script = import.meta.filename;

/**
 * Starts a service in a process of its own: in one for all, V8 would optimize the framework's code for all at once.
 *
 * @param {string} file - The module whose `services` has it, beside the benches.
 * @param {string} name
 * @param {unknown} argument - What it is opened with, as JSON has it.
 */
export async function spawnService(file, name, argument) {
  const args = ["serve", file, name, JSON.stringify(argument)];
  const child = fork(script, args, { execArgv: [] });
  pin(child, 0);
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`the process of ${name} exited with ${code}`);
  });
  exited.catch(() => {});
  const [port] = await Promise.race([once(child, "message"), exited]);
  return {
    port: Number(port),
    /** What it has taken of the processor so far, user and system, in µs. */
    async cpuMicros() {
      child.send("cpu");
      const [micros] = await Promise.race([once(child, "message"), exited]);
      return Number(micros);
    },
    close: () => child.disconnect(),
    /** Kills it with whatever it is doing. */
    async kill() {
      child.kill("SIGKILL");
      await exited.catch(() => {});
    },
  };
}

async function serve() {
  const [file, name, argument] = process.argv.slice(3);
  const { services } = await import(`../${file}`);
  /** @type {import("node:http").Server} */
  const server = await services[name](JSON.parse(argument));
  // Longer than a round: whoever waits for its turn must find its connections again.
  server.keepAliveTimeout = 600_000;
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.on("disconnect", () => process.exit());
  process.send?.(/** @type {import("node:net").AddressInfo} */ (server.address()).port);
}

if (process.argv[1] === script && process.argv[2] === "serve") await serve();
