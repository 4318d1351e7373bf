import { OptionError, systemClock, type Clock } from "@reissue/core";
import { numberOption, objectOption, type OptionTable } from "@reissue/core/internal";

import type { OriginOptions } from "./options.ts";

/** Limits on the records of streamed request bodies, in bytes. */
interface BodyRecordLimits {
  readonly maxBytes: number;
  readonly maxBytesTotal: number;
}

/** Options of one origin, and their path. */
export interface NamedOrigin {
  readonly own: OriginOptions;
  readonly path: string;
}

/** Options that only {@link UpstreamOptions} has, resolved. */
interface ResolvedClient {
  /** By URL origin. */
  readonly origins: ReadonlyMap<string, NamedOrigin>;
  readonly bodies: BodyRecordLimits;
  readonly clock: Clock;
}

const count = { min: 0, integer: true };

/** Options of a client only. */
export const clientTable: OptionTable<ResolvedClient> = {
  origins: {
    default: new Map(),
    check: namedOrigins,
    doc: "what differs for single origins, by URL origin such as `http://orders:3000`",
    defaultDoc: "none",
  },
  bodies: objectOption<BodyRecordLimits>(
    {
      maxBytes: numberOption(
        2 ** 20,
        count,
        "how much of one streamed request body is recorded so that it can be sent again, in bytes; gRPC's limit",
      ),
      maxBytesTotal: numberOption(2 ** 24, count, "the same for all requests together"),
    },
    "how much of streamed request bodies is recorded for a resend",
  ),
  clock: {
    default: systemClock,
    check: (value) => value as Clock,
    doc: "time and chance, for tests: `manualClock()` of `@reissue/testing`",
    defaultDoc: "the system's",
  },
};

function namedOrigins(value: unknown): ReadonlyMap<string, NamedOrigin> {
  if (typeof value !== "object" || value === null) {
    throw new OptionError("origins", "must be an object from URL origins to their options");
  }
  const named = new Map<string, NamedOrigin>();
  for (const [name, own] of Object.entries(value) as [string, OriginOptions][]) {
    const path = `origins[${JSON.stringify(name)}]`;
    const origin = urlOrigin(name, path);
    if (named.has(origin)) throw new OptionError(path, `names ${origin} a second time`);
    named.set(origin, { own, path });
  }
  return named;
}

function urlOrigin(name: string, path: string): string {
  const url = URL.canParse(name) ? new URL(name) : null;
  const isOrigin =
    url !== null &&
    (url.protocol === "http:" || url.protocol === "https:") &&
    url.pathname === "/" &&
    url.search === "" &&
    url.hash === "" &&
    url.username === "";
  if (!isOrigin)
    throw new OptionError(path, "must be named by a URL origin such as http://orders:3000");
  return url.origin;
}
