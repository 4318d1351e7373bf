// @ts-check
import { createUpstream } from "@reissue/upstream";
import { Agent, fetch, Pool, request } from "undici";

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

/** @type {Record<string, OpenClient>} */
export const clients = {
  "upstream.request": (origin, connections, { path, ...init }) => reissueRequest(createUpstream, origin, connections, path, init),
  "Pool.request": poolRequest,
  "Pool.request (again)": poolRequest,
  "undici.request": (origin, connections, { path, ...init }) => {
    const dispatcher = new Agent({ connections });
    const url = origin + path;
    return () => drained(request(url, { ...init, dispatcher }));
  },
  "upstream()": (origin, connections, { path, ...init }) => {
    const upstream = createUpstream({ connections });
    const url = origin + path;
    return () => upstream(url, { ...init }).then((response) => response.text());
  },
  "fetch": undiciFetch,
  "fetch (again)": undiciFetch,
};

/** @type {OpenClient} */
function poolRequest(origin, connections, exchange) {
  const pool = new Pool(origin, { connections });
  return () => drained(pool.request({ ...exchange }));
}

/** @type {OpenClient} */
function undiciFetch(origin, connections, { path, ...init }) {
  const dispatcher = new Agent({ connections });
  const url = origin + path;
  return () => fetch(url, { ...init, dispatcher }).then((response) => response.text());
}

/**
 * @param {typeof createUpstream} open
 * @param {string} origin
 * @param {number} connections
 * @param {string} path
 * @param {object} init
 */
export function reissueRequest(open, origin, connections, path, init) {
  const upstream = open({ connections });
  const url = origin + path;
  return () => drained(upstream.request(url, { ...init }));
}

/** @param {Promise<import("undici").Dispatcher.ResponseData>} answer */
async function drained(answer) {
  const { body } = await answer;
  return body.text();
}
