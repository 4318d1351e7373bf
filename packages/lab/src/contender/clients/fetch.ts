import type { Client } from "../client.ts";

/** Node's own fetch. Importing undici anywhere in the process would replace its connection pool. */
export async function fetchClient(): Promise<Client> {
  return async ({ url, method, headers, body = null }) => {
    const response = await fetch(url, { method, headers, body });
    await response.arrayBuffer();
    return response.status;
  };
}
