import type { Client } from "../client.ts";

/** axios with axios-retry's defaults: three retries without delay. */
export async function axiosRetryClient(): Promise<Client> {
  const { default: axios } = await import("axios");
  const { default: axiosRetry } = await import("axios-retry");
  const client = axios.create();
  axiosRetry(client, { retries: 3 });
  return async ({ url, method, headers, body }) => {
    const { status } = await client.request({ url, method, headers: { ...headers }, data: body });
    return status;
  };
}
