// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";
import { pathToFileURL } from "node:url";

import { drive } from "./load.js";
import { pin } from "./pin.js";

/** @typedef {{ root: string, call: "upstream.request" | "upstream()", origin: string, concurrency: number, exchange: import("../clients.js").Exchange }} Open */

const script = import.meta.filename;

/**
 * Opens the client of the checkout at `root` in a process of its own. The code around it is always this checkout's, so
 * that only the library differs.
 *
 * @param {Open} open
 */
export function spawnLibrary(open) {
  const child = fork(script, ["drive", JSON.stringify(open)], { execArgv: [] });
  pin(child, 1);
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`the client of ${open.root} exited with ${code}`);
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
  const { root, call, origin, concurrency, exchange } = JSON.parse(process.argv[3]);
  const { path, method, headers, body } = exchange;
  const entry = pathToFileURL(`${root}/packages/upstream/dist/index.js`).href;
  /** @type {typeof import("@reissue/upstream")} */
  const { createUpstream } = await import(entry);
  const upstream = createUpstream({ connections: concurrency });
  const url = origin + path;
  const init = { method, headers, body };
  const make =
    call === "upstream()"
      ? () => upstream(url, init).then((response) => response.text())
      : () => upstream.request(url, init).then((response) => response.body.dump());
  process.on("message", async (/** @type {number} */ requests) => {
    await drive(make, { requests: 32 * concurrency, concurrency });
    process.send?.(await drive(make, { requests, concurrency }));
  });
  process.on("disconnect", () => process.exit());
}

if (process.argv[1] === script && process.argv[2] === "drive") await serve();
