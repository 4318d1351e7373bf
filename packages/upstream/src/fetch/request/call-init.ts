import type { CallRetryOptions } from "@reissue/core";

/** The members of fetch's RequestInit, in the order in which the platform reads them. */
const members = [
  "method",
  "headers",
  "body",
  "referrer",
  "referrerPolicy",
  "mode",
  "credentials",
  "cache",
  "redirect",
  "integrity",
  "keepalive",
  "signal",
  "window",
  "duplex",
] as const;

/** What a call was given as its init: each member read once, and only those that are present. */
export type CallInit = {
  [Member in (typeof members)[number]]?: unknown;
};

/** What a call says in its init that fetch does not know. */
export interface OwnOptions {
  readonly retry: CallRetryOptions | undefined;
  readonly step: string | undefined;
  readonly bodyTimeoutMs: number | undefined;
}

/** An init as it was read. */
export interface GivenInit {
  readonly init: CallInit;
  readonly own: OwnOptions;
}

const none: OwnOptions = { retry: undefined, step: undefined, bodyTimeoutMs: undefined };

/**
 * Reads an init as WebIDL reads a dictionary: any object, its getters and what it inherits, each member once.
 *
 * A spread would drop what a class instance, a Request, or an object that inherits from another one says, and send a
 * DELETE as GET. A `retry` that is no object belongs to another library, and is ignored.
 *
 * @throws TypeError when it is neither an object nor absent.
 */
export function readInit(given: unknown): GivenInit {
  const init: CallInit = {};
  if (given === undefined || given === null) return { init, own: none };
  if (typeof given !== "object" && typeof given !== "function") {
    throw new TypeError("The init of a call must be an object");
  }
  const dictionary = given as Record<string, unknown>;
  for (const member of members) {
    const value = dictionary[member];
    if (value !== undefined) init[member] = value;
  }
  const { retry, step, bodyTimeoutMs } = dictionary as Partial<OwnOptions>;
  const isOurs = typeof retry === "object" && retry !== null;
  return { init, own: { retry: isOurs ? retry : undefined, step, bodyTimeoutMs } };
}
