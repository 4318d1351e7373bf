import { execFile } from "node:child_process";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { faultyUpstream } from "@reissue/testing";
import { expect, test } from "vitest";
import { opened, wired } from "../opened.ts";
import { get, Wire } from "../raw-client.ts";

function connectCode(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve("connected");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
  });
}

test("restart() resets connections, refuses new ones, and comes back on the same port", async () => {
  const upstream = await opened();
  const { port } = upstream;
  const [used, unused] = await Promise.all([wired(upstream), wired(upstream)]);
  await used.served();
  const restarted = upstream.restart({ downMs: 80 });
  expect(await Promise.all([used.closed(), unused.closed()])).toEqual(["rst", "rst"]);
  expect(await connectCode(port)).toBe("ECONNREFUSED");
  await restarted;
  expect(upstream.port).toBe(port);
  await (await wired(upstream)).served();
  expect(upstream.processedCount).toBe(2);
});

test("several restarts by FIN at once are one restart", async () => {
  const upstream = await opened();
  const wire = await wired(upstream);
  await wire.served();
  await Promise.all([
    upstream.restart({ downMs: 20, with: "fin" }),
    upstream.restart({ downMs: 20 }),
  ]);
  expect(await wire.closed()).toBe("fin");
  for (let round = 0; round < 5; round++) await upstream.restart({ downMs: 0 });
  await (await wired(upstream)).served();
});

test("refuse() refuses new connections and keeps open ones, until accept()", async () => {
  const upstream = await opened();
  const wire = await wired(upstream);
  await wire.served();
  await upstream.refuse();
  expect(await connectCode(upstream.port)).toBe("ECONNREFUSED");
  await wire.served();
  await Promise.all([upstream.accept(), upstream.accept()]);
  expect(await connectCode(upstream.port)).toBe("connected");
});

test("no handle remains after close(), whatever was going on", async () => {
  // In a process of its own, which the test runner's own timers and sockets do not disturb.
  const script = fileURLToPath(new URL("leftovers.js", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 15_000 });
  const left: unknown = JSON.parse(stdout);
  expect(left).toEqual({
    hang: [],
    slow: [],
    "delayed reset": [],
    "delayed answer": [],
    linger: [],
    restart: [],
    "restart, called": [],
    "refused, opening again": [],
    idle: [],
  });
});

test("close() may be called twice, during an opening, and before further use", async () => {
  const upstream = await faultyUpstream();
  await upstream.refuse();
  const accepting = upstream.accept();
  await Promise.all([upstream.close(), upstream.close(), accepting]);
  await upstream.accept();
  await upstream.restart({ downMs: 0 });
  upstream.killAll();
  expect(await connectCode(upstream.port)).toBe("ECONNREFUSED");
});

test("until() rejects at its timeout, when the upstream closes, and with an exception of the condition", async () => {
  const upstream = await opened();
  await expect(upstream.until(() => false, 20)).rejects.toThrow("within 20 ms");
  const wire = await wired(upstream);
  let calls = 0;
  const thrown = upstream.until(() => {
    if (++calls > 1) throw new Error("broken condition");
    return false;
  });
  wire.send(get("a"));
  await expect(thrown).rejects.toThrow("broken condition");
  const never = upstream.until(() => false);
  await Promise.all([expect(never).rejects.toThrow("was closed"), upstream.close()]);
});

test("a port in use is an error at once", async () => {
  const upstream = await opened();
  await expect(faultyUpstream({ port: upstream.port })).rejects.toThrow("EADDRINUSE");
});

test("a client that resets and floods during all of this ends nothing", async () => {
  const upstream = await opened({
    idleTimeoutMs: 20,
    respond: { body: Buffer.alloc(1 << 20), delayMs: 1 },
  });
  for (let round = 0; round < 40; round++) {
    const wire = await Wire.open(upstream.port);
    wire.send(get("a").repeat(1 + (round % 5)));
    if (round % 3 === 0) await upstream.until(({ heads }) => heads > 0);
    if (round % 2 === 0) wire.socket.resetAndDestroy();
    else wire.destroy();
  }
  await upstream.until(({ open }) => open === 0);
  upstream.setRespond({});
  await (await wired(upstream)).served();
});
