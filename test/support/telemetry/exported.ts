import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { ReissueInstrumentation } from "@reissue/opentelemetry";
import { observeReissue } from "@reissue/prometheus";
import { Registry } from "prom-client";
import { onTestFinished } from "vitest";

import { freePort } from "../free-port.ts";
import { listening } from "../listen.ts";

/** Exports the metrics by the OpenTelemetry SDK, on a port of its own. */
export async function exportedByOpenTelemetry(): Promise<string> {
  const port = await freePort();
  const exporter = new PrometheusExporter({ host: "127.0.0.1", port, preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  await exporter.startServer();
  const instrumentation = new ReissueInstrumentation();
  instrumentation.setMeterProvider(provider);
  onTestFinished(async () => {
    instrumentation.disable();
    await provider.shutdown();
  });
  return `http://127.0.0.1:${port}`;
}

/** Exports the metrics by prom-client, on a port of its own. */
export async function exportedByPromClient(): Promise<string> {
  const register = new Registry();
  const observed = observeReissue({ register });
  onTestFinished(() => observed.close());
  return await listening((_req, res) => {
    void register.metrics().then((text) => {
      res.setHeader("content-type", register.contentType);
      res.end(text);
    });
  });
}
