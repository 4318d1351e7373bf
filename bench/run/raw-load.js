// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";

/** @typedef {{ port: number, connections: number, request: string }} Open */

const script = import.meta.filename;

/**
 * Opens a client that costs far less than any server, in a process of its own: it writes the same bytes again and again
 * on connections that stay open, and only counts those that come back.
 *
 * @param {Open} open - With the whole request, as it goes over the wire.
 */
export function spawnLoad(open) {
  const child = fork(script, ["load", JSON.stringify(open)], { execArgv: [] });
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
  const { port, connections, request } = JSON.parse(process.argv[3]);
  const bytes = Buffer.from(request, "latin1");
  const size = await answerSize(port, bytes);
  const exchanges = Array.from({ length: connections }, () => exchangeOn(port, bytes, size));
  process.on("message", async (/** @type {number} */ requests) => {
    let left = requests;
    const startedAt = performance.now();
    await Promise.all(
      exchanges.map(async (exchange) => {
        while (left-- > 0) await exchange();
      }),
    );
    process.send?.((performance.now() - startedAt) / 1000);
  });
  process.on("disconnect", () => process.exit());
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
      /^(HTTP\/1.1 200 .*?^content-length: (\d+)\r\n.*?\r\n\r\n)/ims.exec(text) ?? [];
    if (head !== undefined && text.length >= head.length + Number(length)) return text.length;
  }
  throw new Error(`no answer of a known size: ${text}`);
}

/**
 * What sends the request on a connection of its own, and resolves once the answer is there.
 *
 * @param {number} port
 * @param {Buffer} request
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
    socket.write(request);
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
