/** URL in the two parts that a dispatcher takes. */
export interface RequestTarget {
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
}

/** Paths that the URL parser leaves unchanged; any other goes through the parser. */
const plainPath = /^\/[\w\-.~!$&()*+,;=:@/?]*$/;

/**
 * Splits a URL into origin and path.
 *
 * A string that begins with an open origin, and whose path the parser would leave unchanged, is only cut in two. perf:
 * docs/performance.md#url
 *
 * @param knownOrigin - Finds an open origin at the start of a URL, in the parser's own spelling.
 * @throws TypeError for an invalid URL.
 */
export function requestTarget(
  url: string | URL,
  knownOrigin: (url: string) => string | null,
): RequestTarget {
  if (typeof url === "string") {
    const origin = knownOrigin(url);
    if (origin !== null) {
      const path = url.slice(origin.length);
      // Only the parser resolves dot segments.
      if (plainPath.test(path) && !path.includes("/.")) return { origin, path };
    }
  }
  const parsed = typeof url === "string" ? new URL(url) : url;
  return { origin: parsed.origin, path: parsed.pathname + parsed.search };
}
