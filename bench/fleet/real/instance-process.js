// @ts-check
// One instance of the real fleet: a node:http server with the workers and the queue of the simulated one.
import { createServer } from "node:http";

/** @typedef {{ requests: number[], posts: string[] }} Counted */

const host = process.argv[2];
/** @type {import("../instance.js").InstanceSettings} */
const settings = JSON.parse(process.argv[3]);
let port = Number(process.argv[4]);

let startMs = 0;
let coldUntilMs = 0;
let life = 0;
let active = 0;
let stopping = false;
/** @type {(() => void)[]} */
let queue = [];
/** @type {Counted} */
let counted = { requests: [], posts: [] };

/** Requests to cut while the clients warm up, in all. */
const cutsBeforeEach = 4;
let cuts = cutsBeforeEach;

const server = createServer({ keepAliveTimeout: settings.idleMs }, (request, response) => {
  if (request.headers["x-cut"] !== undefined && cuts > 0) {
    cuts -= 1;
    return void request.socket.destroy();
  }
  const second = Math.floor((performance.now() - startMs) / 1000);
  counted.requests[second] = (counted.requests[second] ?? 0) + 1;
  // Named by hand, so that Node adds no Keep-Alive header: the simulated instance does not say how long it waits.
  response.setHeader("connection", stopping ? "close" : "keep-alive");
  const process = () => {
    active += 1;
    const begun = life;
    if (request.method === "POST") counted.posts.push(String(request.headers["x-call"]));
    const cold = performance.now() < coldUntilMs ? settings.coldFactor : 1;
    setTimeout(
      () => {
        if (begun !== life) return;
        active -= 1;
        if (stopping) response.setHeader("connection", "close");
        response.end("ok");
        queue.shift()?.();
      },
      -Math.log(1 - Math.random()) * settings.serviceMs * cold,
    );
  };
  if (active < settings.workers) return process();
  if (queue.length < settings.maxQueue) return void queue.push(process);
  response.statusCode = 503;
  response.end();
});

const commands = {
  begin() {
    // What an earlier policy has left in the queue is nobody's any more.
    life += 1;
    active = 0;
    queue = [];
    cuts = cutsBeforeEach;
    startMs = performance.now();
    counted = { requests: [], posts: [] };
  },
  stop() {
    stopping = true;
    server.close();
    setTimeout(() => commands.crash(), settings.graceMs);
  },
  crash() {
    life += 1;
    active = 0;
    queue = [];
    if (server.listening) server.close();
    server.closeAllConnections();
  },
  start() {
    stopping = false;
    coldUntilMs = performance.now() + settings.coldMs;
    if (!server.listening) server.listen(port, host);
  },
  report() {
    process.send?.(counted);
  },
};

process.on("message", (/** @type {keyof typeof commands} */ command) => commands[command]());
process.on("disconnect", () => process.exit());
server.listen({ port, host, backlog: 511 }, () => {
  ({ port } = /** @type {import("node:net").AddressInfo} */ (server.address()));
  process.send?.(port);
});
