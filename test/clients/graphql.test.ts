import { ApolloClient, gql, InMemoryCache, type ApolloLink } from "@apollo/client";
import { manualClock } from "@reissue/testing";
import { expect, test } from "vitest";

import { lost, orderServer, sends } from "../support/clients/order-server.ts";
import { lines } from "../support/clients/page-client.ts";
import { run } from "../support/clients/page-code.ts";
import { client } from "../support/upstream/client.ts";

test("the split link of Apollo repeats a query that is a POST, and never a mutation", async () => {
  const server = await orderServer();
  const clock = manualClock();
  const code = lines.get("Apollo Client")![1]!.replaceAll("http://orders:3000", server.origin);
  const { link } = await run(code, { upstream: client({ clock }) });
  const apollo = new ApolloClient({ cache: new InMemoryCache(), link: link as ApolloLink });
  const query = { query: gql("query Order { id }"), fetchPolicy: "no-cache" } as const;
  server.script([null, lost]);
  await apollo.query(query);
  expect((await apollo.query(query)).data).toEqual({ id: 42 });
  expect(sends(server)).toEqual(["POST", "POST lost", "POST"]);

  server.script([lost]);
  await clock.advance(5);
  await expect(apollo.mutate({ mutation: gql("mutation Cancel { id }") })).rejects.toThrow();
  expect(sends(server)).toEqual(["POST", "POST lost", "POST", "POST lost"]);
});
