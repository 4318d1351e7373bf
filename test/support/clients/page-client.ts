import type { BoundUpstream, OutboundContext, Upstream } from "@reissue/upstream";

import { rows, run, sections, type Declared } from "./page-code.ts";

/** The lines of docs/clients.md, by section. */
export const lines: ReadonlyMap<string, readonly string[]> = sections("docs/clients.md");

/** The rows of its table of clients that take a fetch, by client. */
export const table: ReadonlyMap<string, readonly string[]> = rows(
  "docs/clients.md",
  "in a handler",
);

/** Which of a page's lines make a client, and how they are changed before. */
export interface Line {
  /** The block of the section. @defaultValue 0 */
  readonly block?: number | undefined;
  readonly edit?: ((code: string) => string) | undefined;
}

/** The client that the page's lines make, for a server in the place of the page's. */
export async function clientOf(
  name: string,
  origin: string,
  upstream: BoundUpstream,
  { block = 0, edit = (code) => code }: Line = {},
): Promise<Declared[string]> {
  const code = edit(lines.get(name)![block]!).replaceAll("http://orders:3000", origin);
  // Stripe's own host is not to be called.
  const toServer = (url: string, init: RequestInit): Promise<Response> =>
    upstream(url.replace("https://api.stripe.com", origin), init);
  const declared = await run(code, { upstream: name === "stripe" ? toServer : upstream });
  return declared["client"];
}

/** The client of a handler, as the page's table derives it from another. */
export async function clientIn(
  name: string,
  origin: string,
  upstream: Upstream,
  inbound: OutboundContext,
  line: Line,
): Promise<Declared[string]> {
  const [derived = ""] = table.get(name)!;
  const bound = upstream.bind(inbound);
  if (derived === "") return clientOf(name, origin, bound, line);
  const unbound = (): Promise<never> => Promise.reject(new Error("called unbound"));
  const client = await clientOf(name, origin, unbound as never, line);
  const { own } = await run(`const own = ${derived.slice(1, -1)};`, { client, upstream: bound });
  return own;
}
