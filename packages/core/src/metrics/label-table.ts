import { maxCountedOrigins, otherOrigin } from "../diagnostics/process-counts.ts";
import type { LabelSpec, MetricLabel } from "./metric.ts";

/** Labels of all metrics. */
export const labelTable: Readonly<Record<MetricLabel, LabelSpec>> = {
  "reissue.client": {
    help: "what sent the request: a client of `@reissue/upstream` or an agent of `@reissue/agent`",
    values: ["upstream", "agent"],
  },
  "server.address": {
    help: `host of the origin, or the path of a Unix socket; \`${otherOrigin}\` for all origins beyond the first ${maxCountedOrigins}`,
    values: null,
  },
  "server.port": { help: "port of the origin, the protocol's own if it names none", values: null },
  "error.type": {
    help: "kind of the failure, or the status of a response that counts as one; `foreign-response` where a client library put an upstream's response into its error",
    values: null,
  },
  "reissue.phase": {
    help: "phase in which the attempt failed; `response` for a status",
    values: [
      "dns",
      "connect",
      "tls",
      "pool",
      "request",
      "response-headers",
      "response-body",
      "response",
      "unknown",
    ],
  },
  "reissue.delivery": {
    help: "what is known of the request's fate; `responded` for a status",
    values: ["unsent", "stale", "unknown", "delivered", "responded"],
  },
  "reissue.reused": {
    help: "whether the request was written on a connection that had served another; `none` if nothing was written",
    values: ["true", "false", "none"],
  },
  "reissue.method_class": {
    help: "why the request may be sent twice: its method is safe or idempotent, it has an `Idempotency-Key`, its owner opted in; or that it may not",
    values: ["safe", "idempotent", "keyed", "opted-in", "unsafe"],
  },
  "reissue.decision": {
    help: "whether the request was sent again",
    values: ["resend", "give-up"],
  },
  "reissue.reason": {
    help: "[reason](decision-table.md#reasons) of the decision",
    values: null,
  },
  "reissue.give_up.outcome": {
    help: "what the caller got: an error, or the response that had come",
    values: ["error", "response"],
  },
  "reissue.race": {
    help: "whether an attempt had met a connection that the upstream was closing",
    values: ["true", "false"],
  },
  "reissue.connection.state": {
    help: "whether a connection has a request, or is being established",
    values: ["idle", "busy"],
  },
  "reissue.breaker.state": {
    help: "state of the breaker for connecting",
    values: ["closed", "open", "half-open"],
  },
  "reissue.budget": {
    help: "budget for resends, or the one for resends on stale sockets",
    values: ["retry", "stale"],
  },
  "http.response.status_code": { help: "status that the client got", values: null },
  "reissue.retryable": {
    help: "whether the response told the client to send the request again",
    values: ["true", "false"],
  },
  "reissue.idempotency.event": {
    help: "[event](#diagnostics-channels) of a keyed request",
    values: [
      "claimed",
      "taken-over",
      "replayed",
      "in-flight",
      "mismatch",
      "outcome-unknown",
      "answer-not-kept",
      "completed",
      "released",
      "abandoned",
      "lost",
      "forgotten",
      "store-failed",
      "missing",
      "malformed",
    ],
  },
  "reissue.drain.outcome": {
    help: "whether every connection had ended by the deadline, or some were destroyed",
    values: ["clean", "forced"],
  },
};
