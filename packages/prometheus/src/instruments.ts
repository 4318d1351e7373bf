import {
  metricTable,
  prometheusLabel,
  prometheusName,
  readState,
  type MetricKey,
  type MetricLabel,
  type MetricLabels,
  type MetricsSink,
} from "@reissue/core/internal";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

type Instrument = Counter | Gauge | Histogram;

/** Metrics of Reissue as those of prom-client, in one registry. */
export class Instruments implements MetricsSink {
  readonly #register: Registry;
  readonly #all: ReadonlyMap<MetricKey, Instrument>;

  constructor(register: Registry) {
    this.#register = register;
    const keys = Object.keys(metricTable) as MetricKey[];
    this.#all = new Map(keys.map((key) => [key, instrument(key, register)]));
  }

  add(key: MetricKey, labels: MetricLabels): void {
    (this.#all.get(key) as Counter).inc(named(labels));
  }

  record(key: MetricKey, value: number, labels: MetricLabels): void {
    (this.#all.get(key) as Histogram).observe(named(labels), value);
  }

  /** Takes the metrics out of the registry, unless others of the same name have taken their place. */
  remove(): void {
    for (const [key, own] of this.#all) {
      const name = prometheusName(metricTable[key]);
      if (this.#register.getSingleMetric(name) === own) this.#register.removeSingleMetric(name);
    }
  }
}

function instrument(key: MetricKey, register: Registry): Instrument {
  const spec = metricTable[key];
  const config = {
    name: prometheusName(spec),
    help: spec.help,
    labelNames: spec.labels.map(prometheusLabel),
    registers: [register],
  };
  switch (spec.type) {
    case "counter":
      return new Counter(config);
    case "histogram":
      return new Histogram({ ...config, buckets: [...(spec.buckets ?? [])] });
    case "total":
      return new Counter({
        ...config,
        collect() {
          this.reset();
          for (const { labels, value } of readState(key)) this.inc(named(labels), value);
        },
      });
    case "gauge":
    case "minimum":
      return new Gauge({
        ...config,
        // Those of the workers of a cluster are added, or the smallest of them counts.
        aggregator: spec.type === "minimum" ? "min" : "sum",
        collect() {
          this.reset();
          for (const { labels, value } of readState(key)) this.set(named(labels), value);
        },
      });
  }
}

/** Labels under their names in Prometheus. */
function named(labels: MetricLabels): Record<string, string> {
  const entries = Object.entries(labels) as [MetricLabel, string][];
  return Object.fromEntries(entries.map(([name, value]) => [prometheusLabel(name), value]));
}
