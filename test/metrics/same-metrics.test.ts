import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { metricTable, prometheusName } from "@reissue/core/internal";
import { ReissueInstrumentation } from "@reissue/opentelemetry";
import { observeReissue } from "@reissue/prometheus";
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { everyEvent } from "../support/telemetry/every-event.ts";
import { parseExposition, type Exposition } from "../support/telemetry/exposition.ts";

let prometheus: Exposition;
let opentelemetry: Exposition;
const opened: (() => unknown)[] = [];

beforeAll(async () => {
  const register = new Registry();
  const observed = observeReissue({ register });
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [reader] });
  const instrumentation = new ReissueInstrumentation();
  instrumentation.setMeterProvider(provider);
  await everyEvent((close) => void opened.push(close));
  const text = await register.metrics();
  const { resourceMetrics, errors } = await reader.collect();
  expect(errors).toEqual([]);
  prometheus = parseExposition(text);
  opentelemetry = parseExposition(new PrometheusSerializer().serialize(resourceMetrics));
  instrumentation.disable();
  observed.close();
  await provider.shutdown();
});

afterAll(async () => {
  for (const close of opened.toReversed()) await close();
});

describe("after a client, an agent and a gate have done all that is counted", () => {
  test("both packages have every metric, with the name and type in the documentation", () => {
    const types = { counter: "counter", total: "counter", gauge: "gauge", minimum: "gauge" };
    const documented = Object.values(metricTable).map((spec) => [
      prometheusName(spec),
      spec.type === "histogram" ? "histogram" : types[spec.type],
    ]);
    expect(prometheus.types).toEqual(Object.fromEntries(documented));
    expect(opentelemetry.types).toEqual(Object.fromEntries(documented));
  });

  test("every metric has a value", () => {
    const names = Object.keys(prometheus.types);
    const seen = Object.keys(prometheus.series);
    const silent = names.filter((name) => !seen.some((series) => series.startsWith(name)));
    expect(silent).toEqual([]);
  });

  test("the series of both are the same, with the same labels and values", () => {
    expect(opentelemetry.series).toEqual(prometheus.series);
  });

  test.each(["upstream", "agent"])("the activity of the %s is counted", (client) => {
    const of = (name: string, label = ""): number =>
      Object.entries(prometheus.series)
        .filter(([key]) => key.startsWith(`${name}{`) && key.includes(`client="${client}"`))
        .filter(([key]) => key.includes(label))
        .reduce((sum, [, value]) => sum + value, 0);
    expect(of("reissue_races_total")).toBeGreaterThan(0);
    expect(of("reissue_resends_total", 'reason="stale-socket"')).toBeGreaterThan(0);
    expect(of("reissue_give_ups_total", 'reason="not-retry-safe"')).toBeGreaterThan(0);
    expect(of("reissue_rescues_total", 'race="true"')).toBeGreaterThan(0);
    expect(of("reissue_failure_idle_seconds_bucket", 'le="0.5"')).toBeGreaterThan(0);
    expect(of("reissue_connection_closed_idle_seconds_count")).toBeGreaterThan(0);
  });

  test.each([
    ["reissue_gate_requests_total", {}, 4],
    ["reissue_idempotency_events_total", { event: "claimed" }, 1],
    ["reissue_idempotency_events_total", { event: "replayed" }, 1],
    ["reissue_translations_total", { code: "502" }, 1],
    ["reissue_server_idle_closes_total", {}, 1],
    ["reissue_server_drains_total", { outcome: "clean" }, 1],
    ["reissue_server_draining", {}, 0],
  ])("%s counts the activity of the gate, %o", (name, labels, value) => {
    const found = Object.entries(prometheus.series).filter(
      ([key]) =>
        key.startsWith(`${name}{`) &&
        Object.entries(labels).every(([label, text]) => key.includes(`${label}="${text}"`)),
    );
    expect(found.reduce((sum, [, each]) => sum + each, 0)).toBe(value);
  });
});
