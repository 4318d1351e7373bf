// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";

/**
 * @typedef {object} Open
 * @property {number} port
 * @property {number} connections
 * @property {string} request - The whole of it, as it goes over the wire.
 * @property {boolean} sleeps - Whether it waits for answers asleep, which leaves its processor to others, or polls.
 * @property {string} [counter] - A part of it in whose place each request gets another number, as wide.
 */

import { pin } from "./pin.js";

const script = import.meta.filename;

/**
 * Opens a client that costs far less than any server, in a process of its own: it writes the same bytes again and again
 * on connections that stay open, and only counts those that come back.
 *
 * @param {Open} open
 */
export function spawnLoad(open) {
  const child = fork(script, ["load", JSON.stringify(open)], { execArgv: [] });
  pin(child, 1);
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`the client of port ${open.port} exited with ${code}`);
  });
  exited.catch(() => {});
  return {
    /**
     * How long so many requests take, in seconds.
     *
     * @param {number} requests
     */
    async drive(requests) {
      child.send(requests);
      const [seconds] = await Promise.race([once(child, "message"), exited]);
      return Number(seconds);
    },
    close: () => child.disconnect(),
  };
}

async function load() {
  /** @type {Open} */
  const { port, connections, sleeps, request, counter } = JSON.parse(process.argv[3]);
  const next = requests(request, counter);
  // What is answered a second time may be longer than it was at first.
  await answerSize(port, next()());
  const size = await answerSize(port, next()());
  const exchanges = Array.from({ length: connections }, () => exchangeOn(port, next(), size));
  process.on("message", async (/** @type {number} */ requests) => {
    let left = requests;
    // On one machine a service would pay for waking it.
    let isDriving = !sleeps;
    const poll = () => {
      if (isDriving) setImmediate(poll);
    };
    poll();
    const startedAt = performance.now();
    await Promise.all(
      exchanges.map(async (exchange) => {
        while (left-- > 0) await exchange();
      }),
    );
    isDriving = false;
    process.send?.((performance.now() - startedAt) / 1000);
  });
  process.on("disconnect", () => process.exit());
}

/**
 * What makes, for one connection after the other, what gives the bytes of its next request: always the same memory.
 *
 * @param {string} request
 * @param {string | undefined} counter
 */
function requests(request, counter) {
  let number = 0;
  const at = counter === undefined ? -1 : request.indexOf(counter);
  return () => {
    const bytes = Buffer.from(request, "latin1");
    return () => {
      if (counter === undefined) return bytes;
      number += 1;
      bytes.write(String(number).padStart(counter.length, "0"), at, "latin1");
      return bytes;
    };
  };
}

/**
 * The bytes of the answer, which are as many each time: even its Date is as long.
 *
 * @param {number} port
 * @param {Buffer} request
 */
async function answerSize(port, request) {
  const socket = connect(port, "127.0.0.1").setEncoding("latin1");
  socket.write(request);
  let text = "";
  for await (const part of socket) {
    text += part;
    const [, head, length] =
      /^(HTTP\/1.1 200 .*?^content-length: (\d+)\r\n.*?^\r\n)/ims.exec(text) ?? [];
    if (head !== undefined && text.length >= head.length + Number(length)) return text.length;
  }
  throw new Error(`no answer of a known size: ${text}`);
}

/**
 * What sends a request on a connection of its own, and resolves once the answer is there.
 *
 * @param {number} port
 * @param {() => Buffer} request
 * @param {number} size
 */
function exchangeOn(port, request, size) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let missing = 0;
  let answered = () => {};
  socket.setTimeout(60_000, () => fail("a connection stalls"));
  socket.on("data", (part) => {
    missing -= part.length;
    if (missing === 0) answered();
    else if (missing < 0) fail(`an answer of another size: ${part}`);
  });
  socket.on("close", () => fail("a connection was closed"));
  return () => {
    missing = size;
    socket.write(request());
    return new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
      answered = resolve;
    });
  };
}

/** @param {string} problem */
function fail(problem) {
  console.error(problem);
  process.exit(1);
}

if (process.argv[1] === script && process.argv[2] === "load") await load();
