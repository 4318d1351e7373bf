import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { RetryLink } from "@apollo/client/link/retry";
import type { Upstream } from "@reissue/upstream";
import { createTRPCClient, httpLink, retryLink } from "@trpc/client";
import { expect, test } from "vitest";
import wretch from "wretch";
import { retry } from "wretch/middlewares";

import { lost, orderServer } from "../support/clients/order-server.ts";
import { client } from "../support/upstream/client.ts";

/** Retries that docs/clients.md says to leave out, each with its shortest delay. */
const retries: Readonly<Record<string, (origin: string, fetch: Upstream) => unknown>> = {
  "Apollo's RetryLink": (origin, fetch) => {
    const link = ApolloLink.from([
      new RetryLink({ delay: { initial: 1 } }),
      new HttpLink({ uri: `${origin}/graphql`, fetch }),
    ]);
    const apollo = new ApolloClient({ cache: new InMemoryCache(), link });
    return apollo.mutate({ mutation: gql("mutation Cancel { id }") });
  },
  "tRPC's retryLink": (origin, fetch) => {
    const links = [
      retryLink({ retry: ({ attempts }) => attempts < 3 }),
      httpLink({ url: `${origin}/trpc`, fetch }),
    ];
    const trpc = createTRPCClient({ links }) as unknown as {
      readonly cancel: { mutate(): Promise<unknown> };
    };
    return trpc.cancel.mutate();
  },
  "wretch's retry, told to retry network errors": (origin, fetch) =>
    wretch(origin)
      .fetchPolyfill(fetch)
      .middlewares([retry({ delayTimer: 1, maxAttempts: 2, retryOnNetworkError: true })])
      .post({ item: 42 })
      .res(),
};

test.each(Object.entries(retries))(
  "%s repeats a POST that was processed, also over upstream",
  async (_name, post) => {
    const server = await orderServer([lost]);
    await expect(post(server.origin, client())).rejects.toThrow();
    expect(server.requests.filter(({ processed }) => processed).length).toBeGreaterThan(1);
  },
);
