import { diag, type MeterProvider } from "@opentelemetry/api";
import { collectMetrics } from "@reissue/core/internal";

import { Instruments } from "./instruments.ts";

const slot = Symbol.for("reissue.opentelemetry.providers.1");

/** Providers that have the metrics, for all copies of this package in the process: a second would count twice. */
const provided: WeakSet<MeterProvider> = ((globalThis as { [slot]?: WeakSet<MeterProvider> })[
  slot
] ??= new WeakSet());

/**
 * Creates the metrics by a provider, unless they were created by it before, and counts into them.
 *
 * @returns a function that ends the counting.
 */
export function provideMetrics(provider: MeterProvider, name: string, version: string): () => void {
  if (provided.has(provider)) {
    diag.warn(`${name}: the MeterProvider has these metrics already, so they are not added twice`);
    return () => {};
  }
  provided.add(provider);
  const instruments = new Instruments(provider.getMeter(name, version));
  const stop = collectMetrics(instruments);
  return () => {
    stop();
    instruments.remove();
    provided.delete(provider);
  };
}
