import { emitWarning } from "node:process";

import { OptionError } from "@reissue/core";
import { describe } from "@reissue/core/internal";

import type { ResponseHead } from "../capture/response-head.ts";

/** A response whose status would have it kept for the retries of its request. */
export interface KeepableResponse {
  readonly status: number;
  /** Those that are kept, by their names in lower case; several of one name are joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Its bytes as they go out: compressed, where compression is mounted inside the gate. */
  readonly body: Buffer;
}

/** Whether a response is kept, beyond what its status says. */
export type Keep = (response: KeepableResponse) => boolean;

/**
 * Asks a service whether a response is what the work came to. One that cannot say so has it kept: what may have been done
 * is not done again because of a mistake in the question.
 */
export function isKept(keep: Keep, { status, fields }: ResponseHead, body: Buffer): boolean {
  try {
    const headers: Record<string, string> = {};
    for (const [name, value] of fields) {
      const key = name.toLowerCase();
      const before = headers[key];
      headers[key] = before === undefined ? value : `${before}, ${value}`;
    }
    const isWorthIt: unknown = keep({ status, headers, body });
    if (typeof isWorthIt === "boolean") return isWorthIt;
    throw new OptionError(
      "idempotency.keep",
      `must return true or false, got ${describe(isWorthIt)}`,
    );
  } catch (error) {
    emitWarning(error instanceof Error ? error : String(error), { code: "REISSUE_KEEP" });
    return true;
  }
}
