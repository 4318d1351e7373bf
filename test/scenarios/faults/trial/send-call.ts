import type { Upstream } from "@reissue/upstream";

import { openBody, type Call } from "./nth-call.ts";

/** Which of the client's two doors a call goes through. */
export type Via = "request" | "fetch";

/** How one call ended: with an answer read to its end, or with an error. */
export interface Outcome {
  readonly call: Call;
  /** Status and body; null for a call that failed. */
  readonly answer: string | null;
  readonly error: unknown;
  readonly tookMs: number;
}

/** Makes one call and reads its answer to the end; never throws. */
export async function send(
  client: Upstream,
  origin: string,
  call: Call,
  via: Via,
): Promise<Outcome> {
  const startedAtMs = performance.now();
  const tookMs = (): number => performance.now() - startedAtMs;
  try {
    const answer = await (via === "request" ? byRequest : byFetch)(client, origin, call);
    return { call, answer, error: null, tookMs: tookMs() };
  } catch (error) {
    return { call, answer: null, error, tookMs: tookMs() };
  }
}

async function byRequest(client: Upstream, origin: string, call: Call): Promise<string> {
  const { method, path, retry } = call.kind;
  const { statusCode, body } = await client.request(origin + path + call.id, {
    method,
    headers: headersOf(call),
    body: openBody(call),
    retry,
  });
  return `${statusCode} ${await body.text()}`;
}

async function byFetch(client: Upstream, origin: string, call: Call): Promise<string> {
  const { method, path, retry } = call.kind;
  const response = await client(origin + path + call.id, {
    method,
    headers: headersOf(call),
    body: openBody(call),
    duplex: "half",
    retry,
  });
  return `${response.status} ${await response.text()}`;
}

function headersOf({ id, kind }: Call): Record<string, string> {
  return kind.keyed
    ? { "x-request-id": id, "idempotency-key": `"key of ${id}"` }
    : { "x-request-id": id };
}
