import { expect, test } from "vitest";

import { fetchClients } from "../support/clients/fetch-clients.ts";
import { lines } from "../support/clients/page-client.ts";
import { run } from "../support/clients/page-code.ts";

/** Sections of docs/clients.md whose code other tests of this folder run. */
const elsewhere = [
  ...Object.keys(fetchClients),
  ...["fetch", "undici's request", "A whole process"],
  ...["@fastify/reply-from", "@fastify/http-proxy"],
];

test("the code of docs/clients.md that no other test runs works", async () => {
  const rest = [...lines].filter(([heading]) => !elsewhere.includes(heading));
  expect(rest.map(([heading]) => heading)).toEqual([
    "Clients that take a fetch",
    "Clients of node:http",
  ]);
  const [[, [opens = ""]], [, [adopts = ""]]] = rest as [[string, string[]], [string, string[]]];
  const { upstream } = await run(opens, {});
  await upstream.close();
  await run(adopts, {});
});
