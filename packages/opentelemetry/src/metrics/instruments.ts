import type {
  BatchObservableCallback,
  Counter,
  Histogram,
  Meter,
  Observable,
} from "@opentelemetry/api";
import {
  metricTable,
  readState,
  type MetricKey,
  type MetricLabels,
  type MetricsSink,
} from "@reissue/core/internal";

import { attributesOf } from "./attributes.ts";

/** Metrics of Reissue as instruments of one meter. */
export class Instruments implements MetricsSink {
  readonly #meter: Meter;
  readonly #counters = new Map<MetricKey, Counter>();
  readonly #histograms = new Map<MetricKey, Histogram>();
  readonly #observables = new Map<MetricKey, Observable>();

  constructor(meter: Meter) {
    this.#meter = meter;
    for (const key of Object.keys(metricTable) as MetricKey[]) this.#create(key);
    meter.addBatchObservableCallback(this.#observe, [...this.#observables.values()]);
  }

  add(key: MetricKey, labels: MetricLabels): void {
    this.#counters.get(key)!.add(1, attributesOf(labels));
  }

  record(key: MetricKey, value: number, labels: MetricLabels): void {
    this.#histograms.get(key)!.record(value, attributesOf(labels));
  }

  /** Observes no more. */
  remove(): void {
    const observables = [...this.#observables.values()];
    this.#meter.removeBatchObservableCallback(this.#observe, observables);
  }

  #create(key: MetricKey): void {
    const { name, type, unit, help: description, buckets = [] } = metricTable[key];
    const options = { unit, description };
    const meter = this.#meter;
    switch (type) {
      case "counter":
        this.#counters.set(key, meter.createCounter(name, options));
        break;
      case "histogram": {
        const advice = { explicitBucketBoundaries: [...buckets] };
        this.#histograms.set(key, meter.createHistogram(name, { ...options, advice }));
        break;
      }
      case "total":
        this.#observables.set(key, meter.createObservableCounter(name, options));
        break;
      case "gauge":
        // Of several processes the values are added.
        this.#observables.set(key, meter.createObservableUpDownCounter(name, options));
        break;
      case "minimum":
        this.#observables.set(key, meter.createObservableGauge(name, options));
        break;
    }
  }

  readonly #observe: BatchObservableCallback = (result) => {
    for (const [key, observable] of this.#observables) {
      for (const { labels, value } of readState(key)) {
        result.observe(observable, value, attributesOf(labels));
      }
    }
  };
}
