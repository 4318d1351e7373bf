import type { MetricLabel, MetricSpec } from "./metric.ts";

/** Name of a metric in Prometheus, as OpenTelemetry's exporter forms it: `_total` for counters, and no dots. */
export function prometheusName({ name, type }: Pick<MetricSpec, "name" | "type">): string {
  const isCounter = type === "counter" || type === "total";
  return `${name.replaceAll(".", "_")}${isCounter ? "_total" : ""}`;
}

/** Name of a label in Prometheus. */
export function prometheusLabel(label: MetricLabel): string {
  return label.replaceAll(".", "_");
}
