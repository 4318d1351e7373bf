import type { Client } from "../client.ts";

/** Reissue with its defaults. */
export async function reissueClient(): Promise<Client> {
  const { createUpstream } = await import("@reissue/upstream");
  const upstream = createUpstream();
  return async ({ url, method, headers, body = null }) => {
    const response = await upstream.request(url, { method, headers, body });
    await response.body.dump();
    return response.statusCode;
  };
}
