import type { OriginCounts } from "../diagnostics/process-counts.ts";
import type { MetricLabels } from "./metric.ts";

const labels = new WeakMap<OriginCounts, MetricLabels>();

/** Labels of an origin such as `http://orders:3000`, or `http:///run/orders.sock`; one object for each. */
export function originLabels(counts: OriginCounts): MetricLabels {
  let own = labels.get(counts);
  if (own === undefined) labels.set(counts, (own = labelsOf(counts)));
  return own;
}

function labelsOf({ client, origin }: OriginCounts): MetricLabels {
  const [, protocol, place = origin] = /^(https?):\/\/(.*)$/.exec(origin) ?? [];
  const isSocket = place.startsWith("/");
  const [, host = place, port] = isSocket ? [] : (/^(.*):(\d+)$/.exec(place) ?? []);
  const ownPort = protocol === "https" ? "443" : "80";
  return {
    "reissue.client": client,
    "server.address": host.replace(/^\[(.*)\]$/, "$1"),
    "server.port": port ?? (protocol === undefined || isSocket ? "" : ownPort),
  };
}
