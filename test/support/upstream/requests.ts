import type { Upstream } from "@reissue/upstream";

/** Sends a GET and reads the answer to its end. */
export async function got(upstream: Upstream, url: string): Promise<string> {
  const { body } = await upstream.request(url);
  return await body.text();
}

/** Sends a POST, which is not retry-safe by itself, and reads the answer to its end. */
export async function posted(upstream: Upstream, url: string): Promise<string> {
  const { body } = await upstream.request(url, { method: "POST", body: "abc" });
  return await body.text();
}
