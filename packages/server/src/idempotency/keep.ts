import { emitWarning } from "node:process";

import { OptionError, type Awaitable } from "@reissue/core";
import { describe, isPromise, unreadableError, type ClaimConfig } from "@reissue/core/internal";

import type { ResponseHead } from "../capture/response-head.ts";

/** A response that is stored for the retries of its request as far as its status says. */
export interface KeepableResponse {
  readonly status: number;
  /** The headers that are stored, by their names in lower case; several of one name are joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Its bytes as they are sent: compressed, where compression is mounted inside the gate. */
  readonly body: Buffer;
}

/**
 * Whether a response is stored, beyond what its status says. May be async: the last byte of the response waits for the
 * result, for at most as long as for a store (`storeTimeoutMs`).
 */
export type Keep = (response: KeepableResponse) => Awaitable<boolean>;

const path = "idempotency.keep";

/**
 * Calls a service's `keep`. If it fails, is late or returns no boolean, the response is stored: a mistake in the function
 * must not repeat work that may have been done.
 *
 * @returns whether the response is stored; never rejects.
 */
export function isKept(
  keep: Keep,
  { head, body }: { readonly head: ResponseHead; readonly body: Buffer },
  time: Pick<ClaimConfig, "clock" | "storeTimeoutMs">,
): Awaitable<boolean> {
  try {
    // A copy: the function may work on the bytes in their place, and they are what is stored.
    const copy = Buffer.from(body);
    const result = keep({ status: head.status, headers: byName(head.fields), body: copy });
    return isPromise(result)
      ? withTimeout(result, time).then(checkResult).catch(warn)
      : checkResult(result);
  } catch (error) {
    return warn(error);
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

/** Settles as a promise does; rejects after `storeTimeoutMs`, since the client waits for it. */
function withTimeout(
  result: Promise<unknown>,
  { clock, storeTimeoutMs }: Pick<ClaimConfig, "clock" | "storeTimeoutMs">,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      reject(new OptionError(path, `did not settle within ${storeTimeoutMs} ms`));
    }, storeTimeoutMs);
    const stop = (): void => clock.clearTimeout(timer);
    // Of whatever library.
    void Promise.resolve(result).then(resolve, reject).finally(stop);
  });
}

function checkResult(result: unknown): boolean {
  if (typeof result === "boolean") return result;
  throw new OptionError(path, `must return true or false, got ${describe(result)}`);
}

/** Warns of a failed `keep`. @returns true: the response is stored. */
function warn(error: unknown): true {
  // Node reads the error, and an exception from one of its getters would end the process.
  const cause = unreadableError(error) ?? error;
  const warning = cause instanceof Error ? cause : `${path} threw ${describe(cause)}`;
  emitWarning(warning, { code: "REISSUE_KEEP" });
  return true;
}
