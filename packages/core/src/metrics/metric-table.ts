import type { MetricLabel, MetricSpec } from "./metric.ts";

/** Key of a metric in {@link metricTable}. */
export type MetricKey =
  | "requests"
  | "attempts"
  | "failures"
  | "races"
  | "resends"
  | "giveUps"
  | "rescues"
  | "failureIdleSeconds"
  | "closedIdleSeconds"
  | "idleLimitSeconds"
  | "connections"
  | "waitingRequests"
  | "breakers"
  | "budgetLeft"
  | "gateRequests"
  | "gateTimeouts"
  | "keyedRuns"
  | "idempotencyEvents"
  | "translations"
  | "draining"
  | "drains"
  | "serverIdleCloses";

const origin: readonly MetricLabel[] = ["reissue.client", "server.address", "server.port"];

/**
 * Buckets of idle times, in seconds. Each limit that servers and load balancers have by default (2, 5, 6, 10, 15, 20, 30,
 * 60, 65, 75, 90, 120, 130, 350, 600, 900 s and one hour) lies just below a bound, so that its bucket names it: the
 * connection dies when the limit is reached, or moments later.
 */
export const idleBuckets: readonly number[] = [
  0.5, 1, 1.5, 2.5, 4, 5.5, 6.5, 8, 11, 16, 21, 31, 45, 62, 66, 77, 92, 122, 132, 181, 301, 352,
  602, 902, 3605,
];

/**
 * Metrics of Reissue: the one vocabulary of `@reissue/opentelemetry`, `@reissue/prometheus`, dashboards and alerts.
 *
 * A name that ends in `_seconds` says its unit itself, because OpenTelemetry's Prometheus exporter for Node appends none
 * while the Collector does: so both lead to the same name.
 */
export const metricTable: Readonly<Record<MetricKey, MetricSpec>> = {
  requests: {
    name: "reissue.requests",
    type: "total",
    unit: "{request}",
    help: "Requests to upstreams, each counted once however often it is sent.",
    labels: origin,
  },
  attempts: {
    name: "reissue.attempts",
    type: "total",
    unit: "{attempt}",
    help: "Sends of requests to upstreams: first attempts and resends.",
    labels: origin,
  },
  failures: {
    name: "reissue.failures",
    type: "counter",
    unit: "{attempt}",
    help: "Attempts that failed, or whose response had a status that may be retried.",
    labels: [
      ...origin,
      "error.type",
      "reissue.phase",
      "reissue.delivery",
      "reissue.reused",
      "reissue.method_class",
      "reissue.decision",
    ],
  },
  races: {
    name: "reissue.races",
    type: "counter",
    unit: "{attempt}",
    help: "Attempts that met a connection which the upstream was closing: the keep-alive race.",
    labels: [...origin, "reissue.decision"],
  },
  resends: {
    name: "reissue.resends",
    type: "counter",
    unit: "{attempt}",
    help: "Decisions to send a request again.",
    labels: [...origin, "reissue.reason"],
  },
  giveUps: {
    name: "reissue.give_ups",
    type: "counter",
    unit: "{request}",
    help: "Requests that were not sent again after an attempt failed or its response had a retryable status.",
    labels: [...origin, "reissue.reason", "reissue.give_up.outcome"],
  },
  rescues: {
    name: "reissue.rescues",
    type: "counter",
    unit: "{request}",
    help: "Requests that got their response although an attempt had failed: each would have been an error.",
    labels: [...origin, "reissue.race"],
  },
  failureIdleSeconds: {
    name: "reissue.failure.idle_seconds",
    type: "histogram",
    unit: "s",
    help: "Idle time of the connection on which an attempt failed: a spike at one value names the misaligned timeout.",
    labels: [...origin, "reissue.delivery"],
    buckets: idleBuckets,
  },
  closedIdleSeconds: {
    name: "reissue.connection.closed_idle_seconds",
    type: "histogram",
    unit: "s",
    help: "Idle time of connections that the upstream closed while they carried no request: the race that has not happened yet.",
    labels: origin,
    buckets: idleBuckets,
  },
  idleLimitSeconds: {
    name: "reissue.connection.idle_limit_seconds",
    type: "minimum",
    unit: "s",
    help: "Idle time after which a connection is no longer used: the configured one, or less where less was learned.",
    labels: origin,
  },
  connections: {
    name: "reissue.connections",
    type: "gauge",
    unit: "{connection}",
    help: "Open connections to upstreams.",
    labels: [...origin, "reissue.connection.state"],
  },
  waitingRequests: {
    name: "reissue.waiting_requests",
    type: "gauge",
    unit: "{request}",
    help: "Requests that wait for a connection.",
    labels: origin,
  },
  breakers: {
    name: "reissue.breakers",
    type: "gauge",
    unit: "{breaker}",
    help: "Breakers for connecting, one for each client and origin, by state.",
    labels: [...origin, "reissue.breaker.state"],
  },
  budgetLeft: {
    name: "reissue.retry_budget.left",
    type: "gauge",
    unit: "{attempt}",
    help: "Resends that the retry budgets would allow now.",
    labels: [...origin, "reissue.budget"],
  },
  gateRequests: {
    name: "reissue.gate.requests",
    type: "total",
    unit: "{request}",
    help: "Inbound requests that came through a gate.",
    labels: [],
  },
  gateTimeouts: {
    name: "reissue.gate.timeouts",
    type: "total",
    unit: "{request}",
    help: "Inbound requests that took longer than their route allows.",
    labels: [],
  },
  keyedRuns: {
    name: "reissue.gate.keyed_runs",
    type: "gauge",
    unit: "{request}",
    help: "Inbound requests that run under a claimed Idempotency-Key now.",
    labels: [],
  },
  idempotencyEvents: {
    name: "reissue.idempotency.events",
    type: "total",
    unit: "{event}",
    help: "Events of requests with an Idempotency-Key.",
    labels: ["reissue.idempotency.event"],
  },
  translations: {
    name: "reissue.translations",
    type: "counter",
    unit: "{response}",
    help: "Errors of handlers that were translated into a response of the gateway.",
    labels: ["http.response.status_code", "error.type", "reissue.retryable"],
  },
  draining: {
    name: "reissue.server.draining",
    type: "gauge",
    unit: "{server}",
    help: "Servers that are draining now.",
    labels: [],
  },
  drains: {
    name: "reissue.server.drains",
    type: "counter",
    unit: "{drain}",
    help: "Drains of servers that have ended.",
    labels: ["reissue.drain.outcome"],
  },
  serverIdleCloses: {
    name: "reissue.server.idle_closes",
    type: "counter",
    unit: "{connection}",
    help: "Idle connections that the server closed at its own keepAliveTimeout, which the load balancer should have closed first.",
    labels: [],
  },
};
