import type { Attributes } from "@opentelemetry/api";
import type { MetricLabels } from "@reissue/core/internal";

/** Labels that the semantic conventions give a number for a value. */
const numeric = ["server.port", "http.response.status_code"] as const;

/** Attributes of a series; what a label has no value for, such as the port of a Unix socket, has none. */
export function attributesOf(labels: MetricLabels): Attributes {
  const attributes: Attributes = { ...labels };
  for (const label of numeric) {
    const value = labels[label];
    if (value === "") delete attributes[label];
    else if (value !== undefined) attributes[label] = Number(value);
  }
  return attributes;
}
