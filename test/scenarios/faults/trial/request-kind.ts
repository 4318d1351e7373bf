import type { UpstreamRequestOptions } from "@reissue/upstream";

/** A kind of request, as far as sending it twice is concerned. */
export interface Kind {
  readonly name: string;
  readonly method: "GET" | "PUT" | "POST";
  /** Its URLs are this and the call's id. */
  readonly path: string;
  readonly keyed: boolean;
  /** Whether anybody said that a second processing does no harm. */
  readonly resendable: boolean;
  readonly retry?: UpstreamRequestOptions["retry"];
}

/** What every client of these tests is told about its origin; `/opted/` is the route that opts in. */
export const routes = { "POST /opted/:id": { retryOn: ["reset"] } } as const;

const get = { method: "GET", path: "/calls/", keyed: false, resendable: true } as const;
const post = { ...get, method: "POST" } as const;

/** The middle column of the table: requests that are retry-safe, for each reason that there is. */
export const retrySafe: readonly Kind[] = [
  { ...get, name: "GET" },
  { ...get, name: "PUT", method: "PUT" },
  { ...post, name: "POST + key", keyed: true },
  { ...post, name: "POST by route", path: "/opted/" },
  { ...post, name: "POST by call", retry: { retryOn: ["reset"] } },
];

/** The right column: never to be sent twice. */
export const unsafe: readonly Kind[] = [{ ...post, name: "POST", resendable: false }];
