// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";

import { openAgentClient } from "../agent-clients.js";
import { clients } from "../clients.js";
import { drive } from "./load.js";
import { pin } from "./pin.js";

/** @typedef {{ name: string, origin: string, concurrency: number, exchange: import("../clients.js").Exchange, observer?: import("../observers.js").Observer }} Open */

const script = import.meta.filename;

/**
 * Opens a client in a process of its own: in one for all, V8 would optimize undici's code for all of them at once, and
 * each would pay for the company.
 *
 * @param {Open} open
 */
export function spawnClient(open) {
  const child = fork(script, ["drive", JSON.stringify(open)], { execArgv: [] });
  pin(child, 1);
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`the process of ${open.name} exited with ${code}`);
  });
  exited.catch(() => {});
  return {
    /**
     * @param {number} requests
     * @returns {ReturnType<typeof drive>}
     */
    async drive(requests) {
      child.send(requests);
      const [figures] = await Promise.race([once(child, "message"), exited]);
      return figures;
    },
    close: () => child.disconnect(),
  };
}

async function serve() {
  /** @type {Open} */
  const { name, origin, concurrency, exchange, observer } = JSON.parse(process.argv[3]);
  if (observer !== undefined) {
    const { observe } = await import("../observers.js");
    observe(observer);
  }
  const opening =
    name in clients
      ? clients[name](origin, concurrency, exchange)
      : openAgentClient(name, origin, concurrency, exchange);
  process.on("message", async (/** @type {number} */ requests) => {
    const call = await opening;
    // Finds the connections of the last turn again, or opens others: a plain POST takes none that was idle for a second.
    await drive(call, { requests: 32 * concurrency, concurrency });
    process.send?.(await drive(call, { requests, concurrency }));
  });
  process.on("disconnect", () => process.exit());
}

if (process.argv[1] === script && process.argv[2] === "drive") await serve();
