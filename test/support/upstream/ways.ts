import type { BoundUpstream } from "@reissue/upstream";

/** A call as both ways of calling take it. */
export interface Call {
  readonly method: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly step?: string;
}

/** Makes a call, and gives the text of its response. */
export type Send = (upstream: BoundUpstream, url: string, call: Call) => Promise<string>;

/** The two ways of calling. */
export const ways: readonly (readonly [string, Send])[] = [
  [
    "upstream()",
    async (upstream, url, call) => {
      const response = await upstream(url, { ...call, duplex: "half" } as object);
      return response.text();
    },
  ],
  [
    "upstream.request()",
    async (upstream, url, call) => {
      const { body } = await upstream.request(url, call as object);
      return body.text();
    },
  ],
];
