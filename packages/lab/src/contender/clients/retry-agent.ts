import type { Client } from "../client.ts";

/** undici's RetryAgent with its defaults: five retries of idempotent methods, after 500 ms and more. */
export async function retryAgentClient(): Promise<Client> {
  const { Agent, request, RetryAgent } = await import("undici");
  const dispatcher = new RetryAgent(new Agent());
  return async ({ url, method, headers, body = null }) => {
    const response = await request(url, { dispatcher, method, headers, body });
    await response.body.dump();
    return response.statusCode;
  };
}
