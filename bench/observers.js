// @ts-check
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { ReissueInstrumentation } from "@reissue/opentelemetry";
import { observeReissue } from "@reissue/prometheus";
import { register } from "prom-client";

/** @typedef {"nothing" | "Prometheus" | "OpenTelemetry"} Observer */

/** How often metrics are collected, in ms: many times as often as by a Prometheus, so that turns have some of it. */
const everyMs = 1000;

/**
 * What attaches a library to all clients and gates of the process, and gives what collects its metrics once.
 *
 * @type {Record<Observer, () => () => Promise<unknown>>}
 */
const observers = {
  nothing: () => async () => {},
  Prometheus() {
    observeReissue({ register });
    return () => register.metrics();
  },
  OpenTelemetry() {
    const reader = new PrometheusExporter({ preventServerStart: true });
    const instrumentation = new ReissueInstrumentation();
    instrumentation.setMeterProvider(new MeterProvider({ readers: [reader] }));
    return () => reader.collect();
  },
};

/**
 * Observes everything in this process from now on, and collects what was observed.
 *
 * @param {Observer} observer
 */
export function observe(observer) {
  const collect = observers[observer]();
  setInterval(collect, everyMs).unref();
}
