import type { HeaderList } from "./header-list.ts";

/** Headers that make a request conditional, so that no cache may respond to it (Fetch §4.5, step 15). */
const conditional = [
  "if-modified-since",
  "if-none-match",
  "if-unmodified-since",
  "if-match",
  "if-range",
];

/**
 * Returns the headers to send: the caller's, and those that the platform's fetch adds, in its order.
 *
 * @param protocol - The URL's: `http:` or `https:`.
 */
export function sentHeaders(headers: HeaderList, protocol: string): Record<string, string> {
  const sent = headers.copy();
  const byDefault = (name: string, value: string): void => {
    if (!sent.has(name)) sent.set(name, value);
  };
  byDefault("accept", "*/*");
  byDefault("accept-language", "*");
  sent.set("sec-fetch-mode", "cors");
  byDefault("user-agent", "node");
  if (conditional.some((name) => sent.has(name))) {
    byDefault("pragma", "no-cache");
    byDefault("cache-control", "no-cache");
  }
  if (sent.has("range")) sent.append("accept-encoding", "identity");
  byDefault("accept-encoding", protocol === "https:" ? "br, gzip, deflate" : "gzip, deflate");
  sent.delete("host");
  return sent.toRecord();
}
