// @ts-check
import { Agent as HttpAgent, request as httpRequest } from "node:http";

import { createUpstream } from "@reissue/upstream";
import { Agent, RetryAgent } from "undici";

/**
 * One call with everything that a policy does about failures; rejects, or gives the last status.
 *
 * @typedef {(method: string, headers: Record<string, string>) => Promise<number>} Caller
 */

/**
 * The policies of the simulation, by the same names, as real clients.
 *
 * @type {Record<string, (url: string, timeoutMs: number) => Caller>}
 */
export const callers = {
  "no retries": (url, timeoutMs) => overHttp(url, timeoutMs, 0),
  "three naive retries": (url, timeoutMs) => overHttp(url, timeoutMs, 3),
  RetryAgent(url, timeoutMs) {
    const agent = new RetryAgent(new Agent({ headersTimeout: timeoutMs }));
    const { origin, pathname: path } = new URL(url);
    return async (method, headers) => {
      const options = { origin, path, method: /** @type {"GET"} */ (method), headers };
      const { statusCode, body } = await agent.request(options);
      await body.text();
      return statusCode;
    };
  },
  Reissue(url, timeoutMs) {
    const upstream = createUpstream({ retry: { attemptTimeoutMs: timeoutMs } });
    return async (method, headers) => {
      const { statusCode, body } = await upstream.request(url, { method, headers });
      await body.text();
      return statusCode;
    };
  },
};

/**
 * @param {string} url
 * @param {number} timeoutMs
 * @param {number} retries - Of whatever failed, at once.
 * @returns {Caller}
 */
function overHttp(url, timeoutMs, retries) {
  const agent = new HttpAgent({ keepAlive: true });
  return async (method, headers) => {
    for (let retry = 0; ; retry += 1) {
      const status = await attempt({ agent, method, headers }, url, timeoutMs).catch(() => 0);
      if (status === 200 || retry === retries) return status;
    }
  };
}

/**
 * @param {import("node:http").RequestOptions} options
 * @param {string} url
 * @param {number} timeoutMs
 * @returns {Promise<number>}
 */
function attempt(options, url, timeoutMs) {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, options, (response) => {
      response.on("error", reject).on("end", () => {
        clearTimeout(timer);
        resolve(response.statusCode ?? 0);
      });
      response.resume();
    });
    const timer = setTimeout(() => request.destroy(new Error("too late")), timeoutMs);
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.end();
  });
}
