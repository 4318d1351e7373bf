import type { IncomingMessage, ServerResponse } from "node:http";

import { MisuseWarnings, validateOption } from "@reissue/core/internal";

import type { RouteConfig } from "../config/route-config.ts";
import { getContext } from "../request/request-registry.ts";

/**
 * Warnings of the latest gate of a framework in this process, for requests that have come through no gate: it is not known
 * which one they should have come through.
 */
export class LatestGate {
  #warnings = new MisuseWarnings(validateOption.default);

  /** Notes a new gate. */
  open(warnings: MisuseWarnings): void {
    this.#warnings = warnings;
  }

  /**
   * Reports a request that has not come through a gate, and should have.
   *
   * @param problem - How that was noticed, without a full stop.
   */
  onBypass(problem: string): void {
    this.#warnings.report("gateAfterRoutes", `${problem}. Mount the gate before the routes.`);
  }
}

/** Looks whether the requests of a route, which have not come through a gate yet, do so later. */
export class LateGate {
  readonly #latest: LatestGate;
  #isNeeded: boolean;

  constructor(latest: LatestGate, { idempotencyKey }: Partial<RouteConfig>) {
    this.#latest = latest;
    // A route that ignores keys may leave out the gate.
    this.#isNeeded = idempotencyKey !== "ignored";
  }

  /** Looks once the response has ended; no more after the first request. */
  watch(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#isNeeded) return;
    this.#isNeeded = false;
    response.once("close", () => {
      if (getContext(request) === null)
        this.#latest.onBypass("A request to a route with options has come through no gate");
    });
  }
}
