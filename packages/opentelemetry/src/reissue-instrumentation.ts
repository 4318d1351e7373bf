import { createRequire } from "node:module";

import { metrics, type MeterProvider, type TracerProvider } from "@opentelemetry/api";

import { OptionError } from "@reissue/core";
import { describe } from "@reissue/core/internal";

import { provideMetrics } from "./metrics/provide-metrics.ts";
import { describeSpans } from "./spans/describe-spans.ts";

/** Config of {@link ReissueInstrumentation}. */
export interface ReissueInstrumentationConfig {
  /**
   * Whether it observes from its construction on. `registerInstrumentations()` and the NodeSDK enable it in any case.
   *
   * @defaultValue `true`
   */
  readonly enabled?: boolean;
}

const name = "@reissue/opentelemetry";

/**
 * Instrumentation of every client, agent and gate of the process: metrics, and attributes on the spans that the
 * instrumentations of undici and http create for attempts. It creates no span, and no histogram of durations.
 *
 * It has the interface `Instrumentation` of `@opentelemetry/instrumentation`. A client may be created, or imported,
 * before it: Reissue publishes on diagnostics channels, so that nothing is patched.
 *
 * @example
 * ```js
 * import { registerInstrumentations } from "@opentelemetry/instrumentation";
 * import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
 * import { ReissueInstrumentation } from "@reissue/opentelemetry";
 *
 * registerInstrumentations({
 *   instrumentations: [new UndiciInstrumentation(), new ReissueInstrumentation()],
 * });
 * ```
 */
export class ReissueInstrumentation {
  readonly instrumentationName: string = name;
  readonly instrumentationVersion: string = version();
  #config: ReissueInstrumentationConfig = {};
  #provider: MeterProvider = metrics.getMeterProvider();
  #stopMetrics: (() => void) | null = null;
  #stopSpans: (() => void) | null = null;

  constructor(config: ReissueInstrumentationConfig = {}) {
    this.setConfig(config);
    if (this.#config.enabled === true) this.enable();
  }

  /** Begins to observe. Idempotent. */
  enable(): void {
    this.#config = { ...this.#config, enabled: true };
    this.#stopSpans ??= describeSpans();
    this.#stopMetrics ??= this.#provideMetrics();
  }

  /** Ends all observation; the SDK goes on exporting the latest values. Idempotent. */
  disable(): void {
    this.#config = { ...this.#config, enabled: false };
    this.#stopSpans?.();
    this.#stopMetrics?.();
    this.#stopSpans = null;
    this.#stopMetrics = null;
  }

  /** Sets the provider that the metrics are created by; the global one until then. */
  setMeterProvider(provider: MeterProvider): void {
    if (provider === this.#provider) return;
    this.#provider = provider;
    if (this.#stopMetrics === null) return;
    this.#stopMetrics();
    this.#stopMetrics = this.#provideMetrics();
  }

  /** Does nothing: the spans are those of other instrumentations. */
  setTracerProvider(_provider: TracerProvider): void {}

  /**
   * Sets the config; `enabled` takes effect with {@link enable} and {@link disable}. Other fields are passed over: loaders
   * of instrumentations give all of them the same.
   *
   * @throws {@link OptionError} for an `enabled` that is no boolean.
   */
  setConfig(config: ReissueInstrumentationConfig): void {
    const { enabled = true }: { readonly enabled?: unknown } = config;
    if (typeof enabled !== "boolean") {
      throw new OptionError("enabled", `must be true or false, got ${describe(enabled)}`);
    }
    this.#config = { enabled: true, ...config };
  }

  /** Config, whose `enabled` says whether it observes. */
  getConfig(): ReissueInstrumentationConfig {
    return this.#config;
  }

  #provideMetrics(): () => void {
    return provideMetrics(this.#provider, name, this.instrumentationVersion);
  }
}

function version(): string {
  return (createRequire(import.meta.url)("../package.json") as { version: string }).version;
}
