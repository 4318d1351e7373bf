// @ts-check
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Starts Debian's `redis-server` on a free port of 127.0.0.1; it keeps nothing on disk. */
export async function startRedis() {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "reissue-bench-redis-"));
  const at = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
  const child = spawn("redis-server", [...at, "--save", "", "--appendonly", "no"], {
    stdio: "ignore",
  });
  await once(child, "spawn");
  const exited = once(child, "exit");
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (tries === 200 || child.exitCode !== null) throw new Error("redis-server does not start");
    await sleep(25);
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    /** What clients send from now on, one command a line, until `stop` tells. */
    monitor: () => monitor(port),
    async stop() {
      child.kill("SIGKILL");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @param {number} port */
async function monitor(port) {
  const socket = connect(port, "127.0.0.1").setEncoding("latin1");
  let text = "";
  socket.on("data", (part) => {
    text += part;
  });
  socket.write("MONITOR\r\n");
  await once(socket, "data");
  return async () => {
    // What was sent before is told before.
    await sleep(100);
    socket.destroy();
    // What a script does on the server has no address.
    return text.split("\r\n").filter((line) => /^\+\d+\.\d+ \[\d+ [\d.]+:\d+\]/.test(line));
  };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/** @param {number} port */
async function answers(port) {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
