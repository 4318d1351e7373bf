import { once } from "node:events";
import { request as nodeRequest, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

import axios from "axios";
import { got } from "got";
import createError from "http-errors";
import fetchOfNode3 from "node-fetch";
// @ts-expect-error -- it has no types of its own
import fetchOfNode2Untyped from "node-fetch2";
// @ts-expect-error -- it has no types of its own
import superagentUntyped from "superagent";
import { request as undiciRequest } from "undici";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { ask } from "../../support/request.ts";
import {
  frameworks,
  type Call,
  type Running,
  type Start,
} from "../../support/frameworks/frameworks.ts";

const fetchOfNode2 = fetchOfNode2Untyped as typeof fetch;
interface SuperagentCall extends Promise<unknown> {
  abort(): void;
}
const superagent = superagentUntyped as (method: string, url: string) => SuperagentCall;

interface Target {
  readonly origin: string;
  readonly method: string;
  readonly upstream: Call["upstream"];
  /** Runs once the upstream has been asked. */
  readonly later: (abort: () => void) => void;
}

/** A signal that a timer of the handler's aborts, without a reason. */
function signalOf({ later }: Target): AbortSignal {
  const controller = new AbortController();
  later(() => controller.abort());
  return controller.signal;
}

/** Clients that a handler's own timer aborts, each in its own way. */
const clients: Readonly<Record<string, (target: Target) => Promise<unknown>>> = {
  fetch: (target) => fetch(target.origin, { method: target.method, signal: signalOf(target) }),
  "node-fetch 3": (target) =>
    fetchOfNode3(target.origin, { method: target.method, signal: signalOf(target) }),
  "node-fetch 2": (target) =>
    fetchOfNode2(target.origin, { method: target.method, signal: signalOf(target) }),
  "axios, signal": (target) =>
    axios({ url: target.origin, method: target.method, signal: signalOf(target) }),
  "axios over fetch, signal": (target) =>
    axios({
      url: target.origin,
      method: target.method,
      signal: signalOf(target),
      adapter: "fetch",
    }),
  "axios, CancelToken": ({ origin, method, later }) => {
    const { token, cancel } = axios.CancelToken.source();
    later(() => cancel("too slow"));
    return axios({ url: origin, method, cancelToken: token });
  },
  "got, signal": (target) =>
    got(target.origin, {
      method: target.method as "GET",
      signal: signalOf(target),
      retry: { limit: 0 },
    }).text(),
  "got, cancel": ({ origin, method, later }) => {
    const call = got(origin, { method: method as "GET", retry: { limit: 0 } });
    later(() => call.cancel());
    return call;
  },
  undici: (target) =>
    undiciRequest(target.origin, { method: target.method as "GET", signal: signalOf(target) }),
  superagent: async ({ origin, method, later }) => {
    const call = superagent(method, origin);
    later(() => call.abort());
    return await call;
  },
  "node:http, signal": async (target) => {
    const { origin, method } = target;
    const request = nodeRequest(origin, { method, signal: signalOf(target) }).end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return text(response);
  },
  upstream: (target) =>
    target.upstream(target.origin, { method: target.method, signal: signalOf(target) }),
  "upstream.request": (target) =>
    target.upstream.request(target.origin, { method: target.method, signal: signalOf(target) }),
};

/** Where the reason that says so gets lost on the way, or comes as words alone. */
const timedOut: typeof clients = {
  "node-fetch 3": ({ origin, method }) =>
    fetchOfNode3(origin, { method, signal: AbortSignal.timeout(20) }),
  "node-fetch 2": ({ origin, method }) =>
    fetchOfNode2(origin, { method, signal: AbortSignal.timeout(20) }),
  "axios over fetch": ({ origin, method }) =>
    axios({ url: origin, method, signal: AbortSignal.timeout(20), adapter: "fetch" }),
  undici: ({ origin, method }) =>
    undiciRequest(origin, { method: method as "GET", signal: AbortSignal.timeout(20) }),
};

/** A service whose handler calls an upstream that never responds. */
async function calling(
  start: Start,
  call: (target: Target) => Promise<unknown>,
): Promise<Running & { readonly thrown: unknown[] }> {
  const orders = await opened({ faults: [{ fault: "hang" }] });
  const thrown: unknown[] = [];
  let asked = 0;
  const service = await start({
    async run({ request: { method = "" }, upstream }) {
      asked += 1;
      const isAsked = orders.until(({ heads }) => heads === asked);
      // On a busy machine a timeout may end the call before it has been sent, and the test with it.
      isAsked.catch(() => {});
      const later = (abort: () => void): void =>
        void isAsked.then(
          () => setImmediate(abort),
          () => {},
        );
      try {
        await call({ origin: orders.origin, method, upstream, later });
        return "never";
      } catch (error) {
        thrown.push(error);
        throw error;
      }
    },
  });
  return { ...service, thrown };
}

async function check(service: Running & { readonly thrown: unknown[] }): Promise<void> {
  for (const [method, status] of [
    ["GET", 504],
    ["POST", 500],
  ] as const) {
    const { headers, ...response } = await ask(service, { method });
    expect([method, response.status]).toEqual([method, status]);
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-should-retry": String(method === "GET"),
      "cache-control": "no-store",
    });
  }
  expect(service.errors).toHaveLength(2);
  for (const [index, error] of service.errors.entries()) {
    expect(createError.isHttpError(error)).toBe(true);
    expect((error as Error).cause).toBe(service.thrown[index]);
  }
}

describe.each(frameworks)("%s while the client waits", (_, start) => {
  test.each(Object.entries(clients))("a timer of the handler aborts %s", async (_name, call) => {
    await check(await calling(start, call));
  });
});

describe("AbortSignal.timeout() with little time left", () => {
  test.each(Object.entries(timedOut))("aborts the call of %s", async (_name, call) => {
    const [, start] = frameworks[0] as (typeof frameworks)[number];
    await check(await calling(start, call));
  });
});

describe.each(frameworks)("%s with a handler that aborts on purpose", (_, start) => {
  test("a handler that then throws another error gets the response to that", async () => {
    const sold = createError(409, "sold out");
    const service = await calling(start, async (target) => {
      await clients["fetch"]!(target).catch(() => {});
      throw sold;
    });
    const response = await ask(service);
    expect([response.status, response.headers.get("x-should-retry")]).toEqual([409, null]);
    expect(service.errors).toEqual([sold]);
  });

  test("a handler that aborts because its client has disconnected gets no response", async () => {
    const orders = await opened({ faults: [{ fault: "hang" }] });
    const bytes: (() => number)[] = [];
    const service = await start({
      async run({ request, response }) {
        bytes.push(() => request.socket.bytesWritten);
        const controller = new AbortController();
        response.once("close", () => controller.abort());
        await fetch(orders.origin, { signal: controller.signal });
      },
    });
    const client = nodeRequest(`${service.origin}/orders`)
      .on("error", () => {})
      .end();
    await orders.until(({ heads }) => heads === 1);
    client.destroy();
    await expect.poll(() => service.errors.length, { interval: 5 }).toBe(1);
    expect(service.errors[0]).toMatchObject({ name: "AbortError" });
    expect(bytes.map((count) => count())).toEqual([0]);
  });
});
