import type { FaultRule, FaultyUpstream } from "@reissue/testing";

import { opened } from "../../testing/opened.ts";

/** Does what the request says, and loses the response. */
export const lost = { fault: "reset", when: "after-processing" } as const satisfies FaultRule;

/** A server that responds to each client with `{ id: 42 }` as that expects it. */
export function orderServer(faults: readonly FaultRule[] = []): Promise<FaultyUpstream> {
  const headers = { "content-type": "application/json" };
  return opened({ faults, respond: (request) => ({ body: orderOf(request), headers }) });
}

/** The requests of a server, in order. */
export function sends({ requests }: FaultyUpstream): string[] {
  return requests.map(({ method, fault }) => `${method}${fault === null ? "" : " lost"}`);
}

function orderOf({ path }: { readonly path: string }): string {
  const order = { id: 42 };
  const { pathname, searchParams } = new URL(path, "http://orders");
  if (pathname === "/graphql") return JSON.stringify({ data: order });
  if (!pathname.startsWith("/trpc")) return JSON.stringify(order);
  const result = { result: { data: order } };
  return JSON.stringify(searchParams.has("batch") ? [result] : result);
}
