// @ts-check
import { createUpstream } from "@reissue/upstream";
import { Agent, fetch, Pool, request, RetryAgent } from "undici";

import { FloorClient } from "./floor-client.js";

/**
 * @typedef {object} Exchange
 * @property {string} path
 * @property {string} method
 * @property {string} [body]
 * @property {Record<string, string>} [headers]
 */

/**
 * What opens a client of one origin, for so many connections, and gives the call that makes one exchange and reads the
 * answer to its end.
 *
 * @typedef {(origin: string, connections: number, exchange: Exchange) => () => Promise<unknown>} OpenClient
 */

/**
 * Each writes its options as a literal, as callers do.
 *
 * @type {Record<string, OpenClient>}
 */
export const clients = {
  "upstream.request": (origin, connections, { path, method, headers, body }) => {
    const upstream = createUpstream({ connections });
    const url = origin + path;
    return () => drained(upstream.request(url, { method, headers, body }));
  },
  "Pool.request": poolRequest,
  "Pool.request (again)": poolRequest,
  "RetryAgent over Pool": (origin, connections, { path, method, headers, body }) => {
    const agent = new RetryAgent(new Pool(origin, { connections }));
    return () => drained(agent.request({ origin, path, method, headers, body }));
  },
  floor: floor(1),
  "floor, a turn more": floor(2),
  "undici.request": (origin, connections, { path, method, headers, body }) => {
    const dispatcher = new Agent({ connections });
    const url = origin + path;
    return () => drained(request(url, { method, headers, body, dispatcher }));
  },
  "upstream()": (origin, connections, { path, method, headers, body }) => {
    const upstream = createUpstream({ connections });
    const url = origin + path;
    return () => upstream(url, { method, headers, body }).then((response) => response.text());
  },
  fetch: undiciFetch,
  "fetch (again)": undiciFetch,
};

/** @type {OpenClient} */
function poolRequest(origin, connections, { path, method, headers, body }) {
  const pool = new Pool(origin, { connections });
  return () => drained(pool.request({ path, method, headers, body }));
}

/**
 * @param {number} turns
 * @returns {OpenClient}
 */
function floor(turns) {
  return (origin, connections, { path, method, headers, body }) => {
    const client = new FloorClient(origin, { connections, turns });
    /** @type {any} Undici's types lack the origin. */
    const options = { origin, path, method, headers, body };
    return () => drained(client.request({ ...options }));
  };
}

/** @type {OpenClient} */
function undiciFetch(origin, connections, { path, method, headers, body }) {
  const dispatcher = new Agent({ connections });
  const url = origin + path;
  return () =>
    fetch(url, { method, headers, body, dispatcher }).then((response) => response.text());
}

/** @param {Promise<import("undici").Dispatcher.ResponseData>} answer */
async function drained(answer) {
  const { body } = await answer;
  return body.text();
}
