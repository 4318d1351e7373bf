// @ts-check
import http from "node:http";
import { text } from "node:stream/consumers";

import { HttpAgent } from "@reissue/agent";

import { FloorAgent } from "./floor-agent.js";

/** @typedef {import("./clients.js").Exchange} Exchange */

/** Clients over node:http, each as its documentation has it; what is loaded is loaded by its own process alone. */
const over = {
  http: async () => (/** @type {http.Agent} */ agent, /** @type {string} */ origin, exchange) => {
    const { body, path, method, headers } = /** @type {Exchange} */ (exchange);
    const { hostname, port } = new URL(origin);
    const length = body === undefined ? {} : { "content-length": body.length };
    const options = { hostname, port, path, method, headers: { ...headers, ...length }, agent };
    return () =>
      new Promise((resolve, reject) => {
        const request = http.request(options, (response) => {
          response.on("data", () => {}).on("end", resolve);
        });
        request.on("error", reject).end(body);
      });
  },
  axios: async () => {
    const { default: axios } = await import("axios");
    return (/** @type {http.Agent} */ httpAgent, /** @type {string} */ origin, exchange) => {
      const { body: data, path, method, headers } = /** @type {Exchange} */ (exchange);
      const client = axios.create({ httpAgent, proxy: false });
      return () => client.request({ url: origin + path, method, headers, data });
    };
  },
  got: async () => {
    const { default: got } = await import("got");
    return (/** @type {http.Agent} */ agent, /** @type {string} */ origin, exchange) => {
      const { body, path, method, headers } = /** @type {Exchange} */ (exchange);
      const client = got.extend({ agent: { http: agent }, retry: { limit: 0 } });
      return () => client(origin + path, { method: /** @type {"GET"} */ (method), headers, body });
    };
  },
  "node-fetch": async () => {
    const { default: fetch } = await import("node-fetch");
    return (/** @type {http.Agent} */ agent, /** @type {string} */ origin, exchange) => {
      const { body, path, method, headers } = /** @type {Exchange} */ (exchange);
      return () =>
        fetch(origin + path, { method, headers, body, agent }).then((response) => response.text());
    };
  },
  smithy: async () => {
    const { NodeHttpHandler } = await import("@smithy/node-http-handler");
    const { HttpRequest } = await import("@smithy/protocol-http");
    return (/** @type {http.Agent} */ httpAgent, /** @type {string} */ origin, exchange) => {
      const { body, path, method, headers } = /** @type {Exchange} */ (exchange);
      const { hostname, port } = new URL(origin);
      const handler = new NodeHttpHandler({ httpAgent });
      /** @type {Record<string, string>} */
      const length = body === undefined ? {} : { "content-length": String(body.length) };
      return async () => {
        const request = new HttpRequest({
          protocol: "http:",
          hostname,
          port: Number(port),
          path,
          method,
          headers: { ...headers, ...length },
          body,
        });
        const { response } = await handler.handle(request);
        return text(response.body);
      };
    };
  },
};

/** The clients by name. */
export const clientNames = Object.keys(over);

/** The agents that are compared; the baseline comes first. */
export const agents = {
  "http.Agent": (/** @type {number} */ maxSockets) =>
    new http.Agent({ keepAlive: true, maxSockets }),
  HttpAgent: (/** @type {number} */ maxSockets) => new HttpAgent({ maxSockets }),
  floor: (/** @type {number} */ maxSockets) => new FloorAgent({ keepAlive: true, maxSockets }),
  "http.Agent (again)": (/** @type {number} */ maxSockets) =>
    new http.Agent({ keepAlive: true, maxSockets }),
};

/**
 * Opens a client with an agent, such as `axios, HttpAgent`.
 *
 * @param {string} name
 * @param {string} origin
 * @param {number} connections
 * @param {Exchange} exchange
 */
export async function openAgentClient(name, origin, connections, exchange) {
  const [client, agent] = /** @type {[keyof typeof over, keyof typeof agents]} */ (
    name.split(", ")
  );
  const open = await over[client]();
  return open(agents[agent](connections), origin, exchange);
}
