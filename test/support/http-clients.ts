import { once } from "node:events";
import { request as nodeRequest, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

import axios from "axios";
import { got } from "got";
import { Redis } from "ioredis";
import fetchOfNode from "node-fetch";
import pg from "pg";
import { Agent, interceptors, request as undiciRequest } from "undici";

/**
 * How a call fails: no connection, no answer on one, half an answer, no answer in time, or a client that was closed.
 *
 * A pool that is full or closed is the only one of them that is no failure of the upstream's.
 */
export type Mode = "refused" | "reset" | "cut" | "late" | "closed";

/** What a call is about. */
export interface Target {
  readonly origin: string;
  readonly port: number;
  readonly method: string;
  /** How long an answer may take, in ms. */
  readonly timeoutMs: number;
}

/** A client that services use beside Reissue's own. */
export interface Client {
  /** The ways in which it can be made to fail, and whose failure it tells. */
  readonly modes: readonly Mode[];
  /** Gives what it got. */
  readonly call: (target: Target) => Promise<unknown>;
}

const http: readonly Mode[] = ["refused", "reset", "cut", "late"];

/** The clients, as they are used: nothing of them is imitated. */
export const clients: Readonly<Record<string, Client>> = {
  fetch: {
    modes: http,
    async call({ origin, method, timeoutMs }) {
      return (await fetch(origin, { method, signal: AbortSignal.timeout(timeoutMs) })).text();
    },
  },
  undici: {
    modes: http,
    async call({ origin, method, timeoutMs }) {
      const { body } = await undiciRequest(origin, {
        method: method as "GET",
        headersTimeout: timeoutMs,
      });
      return body.text();
    },
  },
  axios: {
    modes: http,
    async call({ origin, method, timeoutMs }) {
      return (await axios({ url: origin, method, timeout: timeoutMs })).data;
    },
  },
  "a closed undici Agent": {
    modes: ["closed"],
    async call({ origin, method }) {
      const dispatcher = new Agent();
      await dispatcher.destroy();
      return undiciRequest(origin, { method: method as "GET", dispatcher });
    },
  },
  "axios over fetch": {
    modes: http,
    async call({ origin, method, timeoutMs }) {
      return (await axios({ url: origin, method, timeout: timeoutMs, adapter: "fetch" })).data;
    },
  },
  got: {
    modes: http,
    call({ origin, method, timeoutMs }) {
      const options = { timeout: { response: timeoutMs }, retry: { limit: 0 } };
      return got(origin, { method: method as "GET", ...options }).text();
    },
  },
  "node-fetch": {
    // Its error of a time-out is that of any abort.
    modes: ["refused", "reset", "cut"],
    async call({ origin, method }) {
      return (await fetchOfNode(origin, { method })).text();
    },
  },
  "node:http": {
    modes: http,
    async call({ origin, method, timeoutMs }) {
      const request = nodeRequest(origin, { method, signal: AbortSignal.timeout(timeoutMs) }).end();
      const [response] = (await once(request, "response")) as [IncomingMessage];
      return text(response);
    },
  },
  pg: {
    modes: ["refused", "reset", "late"],
    async call({ port, timeoutMs }) {
      const client = new pg.Client({
        host: "127.0.0.1",
        port,
        user: "someone",
        connectionTimeoutMillis: timeoutMs,
      });
      await client.connect();
    },
  },
  ioredis: {
    modes: ["refused", "reset", "late"],
    async call({ port, timeoutMs }) {
      const options = { enableReadyCheck: false, retryStrategy: () => null };
      const redis = new Redis(port, "127.0.0.1", { ...options, commandTimeout: timeoutMs });
      redis.on("error", () => {});
      try {
        return await redis.get("order");
      } finally {
        redis.disconnect();
      }
    },
  },
};

/** Clients that reject with an answer, which their error carries. */
export const rejecting: Readonly<Record<string, Client["call"]>> = {
  axios: clients["axios"]!.call,
  "axios over fetch": clients["axios over fetch"]!.call,
  got: clients["got"]!.call,
  async undici({ origin, method }) {
    const dispatcher = new Agent().compose(interceptors.responseError());
    try {
      const { body } = await undiciRequest(origin, { method: method as "GET", dispatcher });
      return await body.text();
    } finally {
      await dispatcher.destroy();
    }
  },
};
