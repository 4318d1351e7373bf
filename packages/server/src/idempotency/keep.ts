import { emitWarning } from "node:process";

import { OptionError, type Awaitable } from "@reissue/core";
import { describe, isPromise, unreadableError, type ClaimConfig } from "@reissue/core/internal";

import type { ResponseHead } from "../capture/response-head.ts";

/** A response whose status would have it kept for the retries of its request. */
export interface KeepableResponse {
  readonly status: number;
  /** Those that are kept, by their names in lower case; several of one name are joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Its bytes as they go out: compressed, where compression is mounted inside the gate. */
  readonly body: Buffer;
}

/**
 * Whether a response is kept, beyond what its status says. It may be async: the last byte of the response waits for it, for
 * at most as long as for a store (`storeTimeoutMs`).
 */
export type Keep = (response: KeepableResponse) => Awaitable<boolean>;

const path = "idempotency.keep";

/**
 * Asks a service whether a response is what the work came to. One that does not say so, or not in time, has it kept: what
 * may have been done is not done again because of a mistake in the question.
 *
 * @returns whether it is kept; never fails.
 */
export function isKept(
  keep: Keep,
  { head, body }: { readonly head: ResponseHead; readonly body: Buffer },
  time: Pick<ClaimConfig, "clock" | "storeTimeoutMs">,
): Awaitable<boolean> {
  try {
    const said = keep({ status: head.status, headers: byName(head.fields), body });
    return isPromise(said) ? inTime(said, time).then(understood).catch(mistaken) : understood(said);
  } catch (error) {
    return mistaken(error);
  }
}

function byName(fields: ResponseHead["fields"]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
}

/** What a promise comes to; fails once the time is over, since the client waits for it. */
function inTime(
  said: Promise<unknown>,
  { clock, storeTimeoutMs }: Pick<ClaimConfig, "clock" | "storeTimeoutMs">,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      reject(new OptionError(path, `did not say within ${storeTimeoutMs} ms`));
    }, storeTimeoutMs);
    const stop = (): void => clock.clearTimeout(timer);
    // Of whatever library.
    void Promise.resolve(said).then(resolve, reject).finally(stop);
  });
}

function understood(said: unknown): boolean {
  if (typeof said === "boolean") return said;
  throw new OptionError(path, `must return true or false, got ${describe(said)}`);
}

/** Warns of a mistake in the question. @returns what stands in the place of what it should have said. */
function mistaken(error: unknown): true {
  // Node reads it, and what a getter of it throws would end the process.
  const cause = unreadableError(error) ?? error;
  const warning = cause instanceof Error ? cause : `${path} threw ${describe(cause)}`;
  emitWarning(warning, { code: "REISSUE_KEEP" });
  return true;
}
