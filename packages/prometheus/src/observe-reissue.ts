import { OptionError } from "@reissue/core";
import {
  checkKeys,
  collectMetrics,
  describe,
  metricTable,
  prometheusName,
  type MetricKey,
} from "@reissue/core/internal";
import type { Registry } from "prom-client";

import { Instruments } from "./instruments.ts";

/** Options of {@link observeReissue}. */
export interface ObserveOptions {
  /** Registry that the metrics are put into, such as prom-client's own `register`. */
  readonly register: Registry;
}

/** Metrics of Reissue in one registry. */
export interface ReissueMetrics {
  /** Takes the metrics out of the registry, and counts no more. Idempotent. */
  close(): void;
}

/**
 * Puts the metrics of every client, agent and gate of the process into a prom-client registry.
 *
 * @example
 * ```js
 * import { register } from "prom-client";
 * import { observeReissue } from "@reissue/prometheus";
 *
 * observeReissue({ register });
 * ```
 *
 * @throws {@link OptionError} for a `register` that is no registry, or that has these metrics already.
 */
export function observeReissue(options: ObserveOptions): ReissueMetrics {
  checkKeys(options, "options", ["register"]);
  const { register } = options;
  checkRegister(register);
  const instruments = new Instruments(register);
  const stop = collectMetrics(instruments);
  return {
    close() {
      stop();
      instruments.remove();
    },
  };
}

function checkRegister(register: unknown): asserts register is Registry {
  const { getSingleMetric } = (register ?? {}) as Partial<Registry>;
  if (typeof getSingleMetric !== "function") {
    throw new OptionError(
      "register",
      `must be a Registry of prom-client, got ${describe(register)}`,
    );
  }
  for (const key of Object.keys(metricTable) as MetricKey[]) {
    const name = prometheusName(metricTable[key]);
    if (getSingleMetric.call(register, name) === undefined) continue;
    const problem = `has ${name} already: observeReissue() was called for it before, and not closed`;
    throw new OptionError("register", problem);
  }
}
