// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

import { pin } from "./pin.js";

const script = import.meta.filename;

/**
 * Opens an upstream that costs far less than any client, in a process of its own, so that the client is what is
 * measured: a server on bare sockets that only counts the bytes it gets. A node:http server needs as long for a request
 * as the fastest client, which then waits, and what it wastes is not seen.
 */
export async function spawnRawUpstream() {
  const child = fork(script, ["serve"], { execArgv: [] });
  pin(child, 0);
  const [port] = await once(child, "message");
  const onExit = (/** @type {number | null} */ code, /** @type {string | null} */ signal) => {
    // Clients would only tell of connections that were reset.
    console.error(`the upstream exited with ${code ?? signal}`);
  };
  child.on("exit", onExit);
  const close = () => {
    child.off("exit", onExit);
    child.kill();
  };
  return { origin: `http://127.0.0.1:${port}`, close };
}

/**
 * Answers a GET with 2 bytes, and what has a body with 1 KiB of JSON. All requests on a connection are as long as the
 * first one, whose length is read off its head.
 */
function serve() {
  const short = response("text/plain", "ok");
  const json = response(
    "application/json",
    JSON.stringify({ id: 42, text: "x".repeat(1024 - 19) }),
  );
  const server = createServer({ noDelay: true }, (socket) => {
    let requestBytes = 0;
    let receivedBytes = 0;
    let answer = short;
    let head = "";
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      receivedBytes += chunk.length;
      if (requestBytes === 0) {
        head += chunk.toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end === -1) return;
        const bodyBytes = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
        requestBytes = end + 4 + bodyBytes;
        if (bodyBytes > 0) answer = json;
      }
      while (receivedBytes >= requestBytes) {
        receivedBytes -= requestBytes;
        socket.write(answer);
      }
    });
  });
  server.listen(0, "127.0.0.1", () => {
    process.send?.(/** @type {import("node:net").AddressInfo} */ (server.address()).port);
  });
  process.on("disconnect", () => process.exit());
}

/**
 * @param {string} type
 * @param {string} body
 */
function response(type, body) {
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\nconnection: keep-alive\r\n\r\n${body}`,
  );
}

if (process.argv[1] === script && process.argv[2] === "serve") serve();
