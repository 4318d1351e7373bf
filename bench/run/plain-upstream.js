// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";

const script = import.meta.filename;

/** Opens a node:http server without faults in a process of its own. */
export async function spawnPlainUpstream() {
  const child = fork(script, ["serve"], { execArgv: [] });
  const [port] = await once(child, "message");
  return { origin: `http://127.0.0.1:${port}`, close: () => child.kill() };
}

/**
 * `GET /2` answers 2 bytes; `/json` answers 1 KiB of JSON, whatever the method. `/held` is answered after the next
 * `/release`; `/holding` says how many are held.
 */
function serve() {
  const short = Buffer.from("ok");
  const json = Buffer.from(JSON.stringify({ id: 42, text: "x".repeat(1024 - 19) }));
  /** @type {(() => void)[]} */
  const held = [];
  const server = createServer((request, response) => {
    const { url } = request;
    const isJson = url === "/json";
    const answer = (/** @type {Buffer | string} */ body) => {
      response.writeHead(200, {
        "content-type": isJson ? "application/json" : "text/plain",
        "content-length": body.length,
      });
      response.end(body);
    };
    request.resume().on("end", () => {
      if (isJson) return answer(json);
      if (url === "/held") return void held.push(() => answer(short));
      if (url === "/holding") return answer(String(held.length));
      if (url === "/release") for (const release of held.splice(0)) release();
      answer(short);
    });
  });
  // Longer than a round: a client that waits for its turn must find its connections open.
  server.keepAliveTimeout = 600_000;
  server.listen(0, "127.0.0.1", () => {
    process.send?.(/** @type {import("node:net").AddressInfo} */ (server.address()).port);
  });
  process.on("disconnect", () => process.exit());
}

if (process.argv[1] === script && process.argv[2] === "serve") serve();
