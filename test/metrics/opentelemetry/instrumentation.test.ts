import { createRequire } from "node:module";
import { channel } from "node:diagnostics_channel";

import { diag, DiagLogLevel, metrics, type DiagLogger } from "@opentelemetry/api";
import { registerInstrumentations, type Instrumentation } from "@opentelemetry/instrumentation";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { ReissueInstrumentation } from "@reissue/opentelemetry";
import { describe, expect, onTestFinished, test } from "vitest";

import { outbound } from "../../support/upstream/open-upstream.ts";
import { opened } from "../../testing/opened.ts";

/** Channels that it may subscribe to. */
const channels = [
  "tracing:reissue:attempt:start",
  "tracing:reissue:attempt:error",
  "tracing:reissue:attempt:asyncEnd",
  "reissue:decision",
  "reissue:rescue",
  "reissue:idle-close",
  "reissue:translation",
  "reissue:server",
];

const subscribed = (): string[] => channels.filter((name) => channel(name).hasSubscribers);

/** A provider, and the sums over all series of what it exports. */
function meterProvider() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const exportIntervalMillis = 3_600_000;
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis });
  const provider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => provider.shutdown());
  return {
    provider,
    async collect() {
      const { resourceMetrics } = await reader.collect();
      const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
      const sums = all.map(({ descriptor, dataPoints }) => {
        const values = dataPoints.map(({ value }) => (typeof value === "number" ? value : 0));
        return [descriptor.name, values.reduce((sum, value) => sum + value, 0)] as const;
      });
      return Object.fromEntries(sums);
    },
  };
}

function instrumented(instrumentation = new ReissueInstrumentation()): ReissueInstrumentation {
  onTestFinished(() => instrumentation.disable());
  return instrumentation;
}

/** Has a request fail and be given up. */
async function fail(): Promise<void> {
  const upstream = await opened({ faults: [{ fault: "reset", probability: 1 }] });
  await expect(outbound()(upstream.origin, { method: "POST" })).rejects.toThrow();
}

describe("ReissueInstrumentation", () => {
  test("fits into a list of instrumentations", async () => {
    const { provider, collect } = meterProvider();
    const instrumentation: Instrumentation = instrumented();
    const unload = registerInstrumentations({
      instrumentations: [instrumentation],
      meterProvider: provider,
    });
    await fail();
    expect(await collect()).toMatchObject({ "reissue.failures": 1, "reissue.give_ups": 1 });
    unload();
    expect(subscribed()).toEqual([]);
  });

  test("uses the provider that is set after its registration, as the NodeSDK does", async () => {
    registerInstrumentations({ instrumentations: [instrumented()] });
    const { provider, collect } = meterProvider();
    metrics.setGlobalMeterProvider(provider);
    onTestFinished(() => metrics.disable());
    const late = instrumented();
    late.setMeterProvider(metrics.getMeterProvider());
    await fail();
    expect(await collect()).toMatchObject({ "reissue.failures": 1 });
  });

  test("uses only the latest provider", async () => {
    const [first, second] = [meterProvider(), meterProvider()];
    const instrumentation = instrumented();
    instrumentation.setMeterProvider(first.provider);
    await fail();
    const before = await first.collect();
    instrumentation.setMeterProvider(second.provider);
    await fail();
    expect(await first.collect()).toMatchObject({ "reissue.failures": before["reissue.failures"] });
    expect(await second.collect()).toMatchObject({ "reissue.failures": 1 });
  });

  test("has only metrics of its own names, and no second histogram of durations", async () => {
    const { provider, collect } = meterProvider();
    instrumented().setMeterProvider(provider);
    await fail();
    const names = Object.keys(await collect());
    expect(names.filter((name) => !name.startsWith("reissue."))).toEqual([]);
    expect(names.filter((name) => name.includes("duration"))).toEqual([]);
  });

  test("observes nothing while it is disabled, and starts again once it is enabled", async () => {
    const { provider, collect } = meterProvider();
    const instrumentation = instrumented(new ReissueInstrumentation({ enabled: false }));
    instrumentation.setMeterProvider(provider);
    expect(subscribed()).toEqual([]);
    expect(await collect()).toEqual({});
    instrumentation.enable();
    instrumentation.enable();
    expect(subscribed()).not.toEqual([]);
    await fail();
    const { "reissue.requests": requests } = await collect();
    expect(requests).toBeGreaterThan(0);
    instrumentation.disable();
    instrumentation.disable();
    expect(subscribed()).toEqual([]);
    await fail();
    expect(await collect()).toMatchObject({ "reissue.requests": requests });
    instrumentation.enable();
    await fail();
    expect(await collect()).toMatchObject({ "reissue.failures": 2 });
  });

  test("gets no message about attempts that succeed", () => {
    instrumented();
    expect(subscribed()).not.toContain("tracing:reissue:attempt:asyncEnd");
  });

  test("counts nothing twice if it is of another copy of the package, and says why", async () => {
    const require = createRequire(import.meta.url);
    const path = require.resolve("@reissue/opentelemetry");
    const { [path]: loaded } = require.cache;
    delete require.cache[path];
    const copy = require(path) as { ReissueInstrumentation: typeof ReissueInstrumentation };
    require.cache[path] = loaded;
    expect(copy.ReissueInstrumentation).not.toBe(ReissueInstrumentation);
    const warnings: string[] = [];
    const logger = { warn: (text) => void warnings.push(text) } as DiagLogger;
    diag.setLogger(logger, DiagLogLevel.WARN);
    onTestFinished(() => diag.disable());

    const { provider, collect } = meterProvider();
    instrumented().setMeterProvider(provider);
    instrumented(new copy.ReissueInstrumentation()).setMeterProvider(provider);
    await fail();
    expect(await collect()).toMatchObject({ "reissue.failures": 1 });
    expect(warnings).toContainEqual(expect.stringContaining("has these metrics already"));
  });

  test('refuses an "enabled" that is no boolean, and passes over fields that it does not know', () => {
    const config = (value: unknown): object => ({ enabled: value, of: "all instrumentations" });
    expect(() => new ReissueInstrumentation(config("false"))).toThrow("enabled");
    expect(new ReissueInstrumentation(config(false)).getConfig().enabled).toBe(false);
  });

  test("says its name and its version", () => {
    const { version } = createRequire(import.meta.url)("@reissue/opentelemetry/package.json");
    expect(instrumented()).toMatchObject({
      instrumentationName: "@reissue/opentelemetry",
      instrumentationVersion: version,
    });
  });
});
