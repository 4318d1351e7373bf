import { failureOf, failureSpecs, type FailureSpec } from "@reissue/core/internal";

import type { Subject } from "../subject.ts";

/** Where Envoy describes its response flags. */
const link =
  "https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#response-flags";

/** Flag, its long name, the failure (null: none of the transport), and what it means. */
type Flag = readonly [flag: string, long: string, spec: FailureSpec | null, meaning: string];

/** Response flags of Envoy's access log, with the meaning of its documentation. */
const flags: readonly Flag[] = [
  [
    "UF",
    "UpstreamConnectionFailure",
    failureSpecs.refused,
    "No connection to the upstream came about; the request was not sent.",
  ],
  [
    "UH",
    "NoHealthyUpstream",
    failureSpecs.noConnection,
    "No host of the cluster is healthy; the request was not sent.",
  ],
  [
    "UO",
    "UpstreamOverflow",
    failureSpecs.noConnection,
    "A circuit breaker is open (max_connections, max_pending_requests); the request was not sent.",
  ],
  [
    "DF",
    "DnsResolutionFailed",
    failureSpecs.resolver,
    "The name of the upstream could not be resolved; the request was not sent.",
  ],
  ["NR", "NoRouteFound", null, "No route matches the request; it was not sent."],
  [
    "NC",
    "NoClusterFound",
    null,
    "The cluster of the route does not exist; the request was not sent.",
  ],
  [
    "UC",
    "UpstreamConnectionTermination",
    failureSpecs.reset,
    "The upstream closed the connection after the request was written, often an idle one: the keep-alive race.",
  ],
  [
    "UR",
    "UpstreamRemoteReset",
    failureSpecs.reset,
    "The upstream reset the stream; with REFUSED_STREAM it has not processed the request.",
  ],
  ["LR", "LocalReset", failureSpecs.reset, "Envoy reset the connection to the upstream itself."],
  [
    "UT",
    "UpstreamRequestTimeout",
    failureSpecs.responseTimeout,
    "The upstream did not respond in the route's timeout, 15 s by default.",
  ],
  [
    "UPE",
    "UpstreamProtocolError",
    failureSpecs.badResponse,
    "The upstream's response is not valid HTTP.",
  ],
  [
    "URX",
    "UpstreamRetryLimitExceeded",
    failureSpecs.reset,
    "All of Envoy's own retries, or of its connection attempts, have failed.",
  ],
  [
    "SI",
    "StreamIdleTimeout",
    failureSpecs.responseTimeout,
    "The stream was silent for stream_idle_timeout, 5 minutes by default.",
  ],
  [
    "UMSDR",
    "UpstreamMaxStreamDurationReached",
    failureSpecs.responseTimeout,
    "The request took longer than max_stream_duration.",
  ],
  [
    "DT",
    "DurationTimeout",
    failureSpecs.responseTimeout,
    "The request took longer than max_connection_duration or max_stream_duration.",
  ],
  ["DC", "DownstreamConnectionTermination", failureSpecs.aborted, "The client disconnected."],
  ["DR", "DownstreamRemoteReset", failureSpecs.aborted, "The client reset its stream."],
  [
    "DPE",
    "DownstreamProtocolError",
    null,
    "The client's request is not valid HTTP; it was not sent.",
  ],
  [
    "IH",
    "InvalidEnvoyRequestHeaders",
    null,
    "A strictly checked header of the request is invalid; the request was not sent.",
  ],
  ["RL", "RateLimited", null, "Envoy's rate limit responded with 429; the request was not sent."],
  [
    "UAEX",
    "UnauthorizedExternalService",
    null,
    "The external authorization service denied the request; it was not sent.",
  ],
  [
    "OM",
    "OverloadManagerTerminated",
    null,
    "Envoy is overloaded and refused the request; it was not sent.",
  ],
  [
    "LH",
    "FailedLocalHealthCheck",
    null,
    "Envoy's own service has failed its health check, and responded with 503.",
  ],
  ["FI", "FaultInjected", null, "Envoy's fault filter responded with a fault on purpose."],
];

/** Flags that may be quoted alone. Longer ones first, since one may begin with another. */
const alone = new RegExp(`^(?:response_flags?[=:]\\s*"?)?(${names()})"?$`);

/** What Envoy writes into the body of its own responses, and into `response_code_details`. */
const bodies: readonly (readonly [text: RegExp, flag: string])[] = [
  [/no[ _]healthy[ _]upstream/, "UH"],
  [/upstream request timeout|response_timeout/, "UT"],
  [/reset reason: (?:remote )?connection failure|\{(?:remote_)?connection_failure/, "UF"],
  [/reset reason: (?:local )?connection failure|\{local_connection_failure/, "UF"],
  [/reset reason: connection timeout|\{connection_timeout/, "UF"],
  [/reset reason: connection termination|\{connection_termination/, "UC"],
  [/reset reason: remote reset|\{remote_reset/, "UR"],
  [/reset reason: local reset|\{local_reset/, "LR"],
  [/reset reason: overflow|\{overflow/, "UO"],
  [/reset reason: protocol error|\{protocol_error/, "UPE"],
  [/upstream connect error or disconnect\/reset before headers/, "UC"],
];

/** Reads a response flag such as `UC`, or Envoy's own words in a response; null for any other text. */
export function envoySubject(text: string): Subject | null {
  const name = alone.exec(text.trim())?.[1] ?? bodies.find(([words]) => words.test(text))?.[1];
  const found = flags.find(([flag, long]) => flag === name || long === name);
  if (found === undefined) return null;
  const [flag, long, spec, meaning] = found;
  const failure = spec === null ? null : failureOf(spec, null);
  return {
    speaker: "envoy",
    title: `Envoy response flag ${flag} (${long})`,
    failure,
    meaning,
    link,
  };
}

function names(): string {
  const all = flags.flatMap(([flag, long]) => [flag, long]);
  return all.toSorted((one, other) => other.length - one.length).join("|");
}
