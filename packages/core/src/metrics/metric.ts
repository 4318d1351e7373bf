/** Label of a metric, in OpenTelemetry's form. Every label has a bounded number of values; none holds a URL, path or key. */
export type MetricLabel =
  | "error.type"
  | "http.response.status_code"
  | "reissue.breaker.state"
  | "reissue.budget"
  | "reissue.client"
  | "reissue.connection.state"
  | "reissue.decision"
  | "reissue.delivery"
  | "reissue.drain.outcome"
  | "reissue.give_up.outcome"
  | "reissue.idempotency.event"
  | "reissue.method_class"
  | "reissue.phase"
  | "reissue.race"
  | "reissue.reason"
  | "reissue.retryable"
  | "reissue.reused"
  | "server.address"
  | "server.port";

/** Values of the labels of one series. */
export type MetricLabels = Readonly<Partial<Record<MetricLabel, string>>>;

/** One metric, as `@reissue/opentelemetry` and `@reissue/prometheus` both create it. */
export interface MetricSpec {
  /** Name in OpenTelemetry's form, such as `reissue.failures`. */
  readonly name: string;
  /**
   * - `counter`: counted event by event.
   * - `total`: a counter that is read when the metrics are collected, so that a request costs an integer and no more.
   * - `gauge`: read when the metrics are collected; the values of several clients are added.
   * - `minimum`: a gauge of which the smallest value of several clients counts.
   * - `histogram`: recorded event by event.
   */
  readonly type: "counter" | "total" | "gauge" | "minimum" | "histogram";
  /** Unit in UCUM: `s`, or what is counted in braces. */
  readonly unit: string;
  readonly help: string;
  readonly labels: readonly MetricLabel[];
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly buckets?: readonly number[];
}

/** What a label says, and which values it has; for the documentation. */
export interface LabelSpec {
  readonly help: string;
  /** Values, if they are few; null for others, whose number is bounded. */
  readonly values: readonly string[] | null;
}
