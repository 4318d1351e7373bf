import type { IncomingMessage } from "node:http";

import type { MisuseWarnings } from "@reissue/core/internal";

import type { IdempotencyConfig } from "../config/idempotency-config.ts";
import type { ClaimsMethod } from "../config/claimed-methods.ts";
import { isBodyLost } from "../idempotency/read-body.ts";

/** The number of requests of a gate that are looked at; by then each content type of a service has usually come. */
const maxRequests = 1000;

const problem =
  "A body parser runs before the gate, whose store has to compare the raw body: every request with an Idempotency-Key and such a body gets a 500. Mount the gate before the parser, or have the parser store the raw bytes as request.rawBody.";

/**
 * Looks at the first requests of a gate with a store for a body that was parsed before the gate, so that this is noticed
 * before a request has a key.
 */
export class ParsedBodies {
  readonly #claimsMethod: ClaimsMethod;
  readonly #warnings: MisuseWarnings;
  #remaining = maxRequests;

  constructor(claimsMethod: ClaimsMethod, warnings: MisuseWarnings) {
    this.#claimsMethod = claimsMethod;
    this.#warnings = warnings;
  }

  look(request: IncomingMessage): void {
    if (this.#remaining === 0) return;
    this.#remaining -= 1;
    if (isBodyLost(request) && this.#claimsMethod(request.method ?? "")) this.report();
  }

  report(): void {
    this.#warnings.report("bodyParsed", problem);
    this.#remaining = 0;
  }
}

/** Creates the check of a gate; null where there is no store, or the check is off. */
export function parsedBodies(
  { deduplication }: IdempotencyConfig,
  warnings: MisuseWarnings,
): ParsedBodies | null {
  if (deduplication === null || !warnings.has("bodyParsed")) return null;
  return new ParsedBodies(deduplication.claimsMethod, warnings);
}
