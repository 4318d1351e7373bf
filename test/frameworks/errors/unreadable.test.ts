import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";

import { handler, type HandlerOptions } from "@reissue/server";
import { createUpstream, type BoundUpstream } from "@reissue/upstream";
import createError from "http-errors";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";

import { frameworks } from "../../support/frameworks/frameworks.ts";

const explode = (): never => {
  throw new Error("a getter's own");
};

function unreadable(field: string, error: Error = new Error("x")): Error {
  return Object.defineProperty(error, field, { get: explode });
}

const handlers = ["get", "has", "getPrototypeOf", "ownKeys", "getOwnPropertyDescriptor"];
const traps = Object.fromEntries(handlers.map((name) => [name, explode]));

/** What a handler may throw that nobody can read, print or send. */
const thrown: [name: string, error: () => unknown][] = [
  ...["status", "statusCode", "message", "stack", "name", "headers", "code", "expose", "cause"].map(
    (field): [string, () => unknown] => [`${field} that throws`, () => unreadable(field)],
  ),
  ["a client's error whose message throws", () => unreadable("message", createError(409))],
  ["a cause whose stack throws", () => new Error("x", { cause: unreadable("stack") })],
  ["an object that throws at everything", () => new Proxy(new Error("x"), traps)],
  ["headers that cannot be sent", () => createError(409, { headers: { a: "b\r\nc: d" } })],
  ["null", () => null],
];

const printed: string[] = [];
const rejected: unknown[] = [];
const onRejection = (reason: unknown): void => void rejected.push(reason);

beforeEach(() => {
  printed.length = 0;
  rejected.length = 0;
  vi.spyOn(process.stderr, "write").mockImplementation((text) => printed.push(String(text)) > 0);
  process.on("unhandledRejection", onRejection);
});

afterEach(() => {
  process.off("unhandledRejection", onRejection);
  vi.restoreAllMocks();
});

/** What a client gets of a service that throws at once, once its response has begun, or once its client has left. */
async function answerOf(
  when: string,
  error: () => unknown,
  options: Partial<HandlerOptions<BoundUpstream>> = {},
): Promise<string> {
  const upstream = createUpstream();
  const run = async (_request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (when === "begun") response.writeHead(200).write("half");
    if (when === "left") await once(response, "close");
    throw error();
  };
  const server = createServer(handler(run, { upstream, ...options })).listen(0, "127.0.0.1");
  onTestFinished(async () => {
    server.close().closeAllConnections();
    await upstream.dispatcher.destroy();
  });
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  let text = "";
  socket.on("error", () => {}).on("data", (data) => (text += data.toString()));
  socket.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  if (when === "left") {
    const [, response] = (await once(server, "request")) as [unknown, ServerResponse];
    const closed = once(response, "close");
    socket.destroy();
    await closed;
  } else {
    await once(socket, "close", { signal: AbortSignal.timeout(5000) });
  }
  // Rejections that nobody handles are told between two turns.
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return text;
}

describe.each([{}, { problemDetails: true }])("node:http with %j", (options) => {
  test.each(thrown)("%s leads to a 500 if it is thrown at once", async (_name, error) => {
    const text = await answerOf("at once", error, options);
    expect(text).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/);
    expect(rejected).toEqual([]);
    expect(printed).toHaveLength(1);
    // What cannot be printed differs between versions of Node.
    expect(printed[0]).toMatch(/^InternalServerError|^Error: x|because of Error: a getter's own/);
  });

  test.each(thrown)("%s cuts the response if it is thrown after the head", async (_name, error) => {
    const text = await answerOf("begun", error, options);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).not.toContain("0\r\n\r\n");
    expect(rejected).toEqual([]);
  });

  test.each(thrown)(
    "%s does no harm if it is thrown after the client has disconnected",
    async (_name, error) => {
      await answerOf("left", error, options);
      expect(rejected).toEqual([]);
    },
  );
});

describe.each(frameworks)("%s", (_, start) => {
  test.each(thrown)(
    "%s does no harm if it is thrown after the head, when the client has disconnected",
    async (_name, error) => {
      const calls: Promise<unknown>[] = [];
      const service = await start({
        async run({ request, response }) {
          if (request.method === "GET") response.writeHead(200).write("half");
          else await (calls[0] = once(request.socket, "close"));
          throw error();
        },
      });
      const begun = fetch(service.origin).then((answer) => answer.text());
      await expect(begun).rejects.toThrow();
      const leaving = new AbortController();
      const left = fetch(service.origin, { method: "POST", signal: leaving.signal });
      await expect.poll(() => calls.length).toBe(1);
      leaving.abort();
      await expect(left).rejects.toThrow();
      await calls[0];
      // real time: an unhandled rejection is reported in a later turn
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(rejected).toEqual([]);
    },
  );
});

test("an exception of onError is written to stderr, and the request still gets its response", async () => {
  const onError = (): never => {
    throw new Error("of onError's own");
  };
  const text = await answerOf("at once", () => createError(418), { onError });
  expect(text).toMatch(/^HTTP\/1\.1 418 /);
  expect([rejected, printed.length]).toEqual([[], 1]);
  expect(printed[0]).toContain("of onError's own");
});

test("a rejection of an async onError is written to stderr as well", async () => {
  const onError = async (): Promise<never> => {
    await turn();
    throw new Error("of onError's own");
  };
  const text = await answerOf("at once", () => createError(418), { onError });
  expect(text).toMatch(/^HTTP\/1\.1 418 /);
  expect([rejected, printed.length]).toEqual([[], 1]);
  expect(printed[0]).toContain("of onError's own");
});

test("an async onError may send the response", async () => {
  const onError: HandlerOptions<unknown>["onError"] = async (_error, _request, response) => {
    await turn();
    response.writeHead(499).end("its own");
  };
  const text = await answerOf("at once", () => createError(418), { onError });
  expect(text).toMatch(/^HTTP\/1\.1 499 /);
  expect([rejected, printed]).toEqual([[], []]);
});
