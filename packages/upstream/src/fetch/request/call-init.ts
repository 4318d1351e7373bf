import type { CallRetryOptions } from "@reissue/core";

/** Members of fetch's RequestInit, in the order in which the platform reads them. */
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

/** Init of a call: each member read once, and only those that are present. */
export type CallInit = {
  [Member in (typeof members)[number]]?: unknown;
};

/** Reissue's own options in the init of a call. */
export interface OwnOptions {
  readonly retry: CallRetryOptions | undefined;
  readonly step: string | undefined;
  readonly bodyTimeoutMs: number | undefined;
}

/** Init of a call, read. */
export interface GivenInit {
  readonly init: CallInit;
  readonly own: OwnOptions;
}

const none: OwnOptions = { retry: undefined, step: undefined, bodyTimeoutMs: undefined };

/**
 * Reads an init as WebIDL reads a dictionary: any object, its getters and what it inherits, each member once.
 *
 * A spread would drop the members of a class instance, of a Request, or of an object that inherits from another, and
 * send a DELETE as GET. A `retry` that is not an object belongs to another library, and is ignored.
 *
 * @throws TypeError for an init that is neither an object nor absent.
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
