/** Name of a contender in messages and request ids. */
export type ContenderId = "fetch" | "axios-retry" | "retry-agent" | "reissue";

/** Way to call the upstream, used as it comes out of the box. */
export interface Contender {
  readonly id: ContenderId;
  /** Name on the page. */
  readonly name: string;
  /** How it is used, in a few words. */
  readonly how: string;
}

/** Contenders in the order in which the page lists them. */
export const contenders: readonly Contender[] = [
  { id: "fetch", name: "fetch", how: "Node's own, no retries" },
  { id: "axios-retry", name: "axios-retry", how: "3 retries, its defaults" },
  { id: "retry-agent", name: "RetryAgent", how: "undici's, its defaults" },
  { id: "reissue", name: "Reissue", how: "its defaults" },
];
