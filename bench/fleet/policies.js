// @ts-check
import { NaiveRetry } from "./policy/naive-retry.js";
import { NoRetry } from "./policy/no-retry.js";
import { Reissue } from "./policy/reissue.js";
import { RetryAgent } from "./policy/retry-agent.js";

/**
 * What the clients of a simulation do, by its name.
 *
 * @type {Record<string, (client: import("./client.js").Client) => import("./client.js").Policy>}
 */
export const policies = {
  "no retries": (client) => new NoRetry(client),
  "three naive retries": (client) => new NaiveRetry(client),
  RetryAgent: (client) => new RetryAgent(client),
  Reissue: (client) => new Reissue(client),
};
