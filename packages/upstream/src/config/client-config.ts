import { OptionError, type MisuseCheck } from "@reissue/core";
import {
  bodyLimitsOption,
  clockOption,
  validateOption,
  type BodyLimits,
  type OptionTable,
  type Resolved,
} from "@reissue/core/internal";

import type { ConnectionSettings, OriginOptions, UpstreamOptions } from "./options.ts";

/** Options of one origin, and their path. */
export interface NamedOrigin {
  readonly own: OriginOptions;
  readonly path: string;
}

/** Options that only {@link UpstreamOptions} has, resolved. */
type ResolvedClient = Resolved<
  Omit<UpstreamOptions, keyof ConnectionSettings>,
  {
    /** By URL origin. */
    origins: ReadonlyMap<string, NamedOrigin>;
    bodies: BodyLimits;
    validate: readonly MisuseCheck[];
  }
>;

/** Options of a client only. */
export const clientTable: OptionTable<ResolvedClient> = {
  origins: {
    default: new Map(),
    check: namedOrigins,
    doc: "what differs for single origins, by URL origin such as `http://orders:3000`",
    defaultDoc: "none",
  },
  bodies: bodyLimitsOption(
    "how much of one streamed request body is recorded so that it can be sent again, in bytes; gRPC's limit",
    "the same for all requests together",
  ),
  validate: validateOption,
  clock: clockOption,
};

function namedOrigins(value: unknown): ReadonlyMap<string, NamedOrigin> {
  // Of a Map no entry would be seen.
  if (typeof value !== "object" || value === null || Symbol.iterator in value) {
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
