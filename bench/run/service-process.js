// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";

import { services } from "../services.js";

const script = import.meta.filename;

/**
 * Starts a service in a process of its own: in one for all, V8 would optimize the framework's code for all at once.
 *
 * @param {string} name
 * @param {boolean} mounted
 */
export async function spawnService(name, mounted) {
  const child = fork(script, ["serve", name, String(mounted)], { execArgv: [] });
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
  };
}

async function serve() {
  const [name = "", mounted] = process.argv.slice(3);
  const server = await services[name](mounted === "true");
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
