import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { freePort } from "../../support/free-port.ts";
import { snippets } from "./markdown.ts";
import { Project, untilAnswered } from "./project.ts";

let project: Project;
beforeAll(async () => {
  const others = ["@hono", "@trpc", "express", "graphql", "graphql-yoga", "hono"];
  project = await Project.open(...others);
});
afterAll(() => project.remove());

const [yoga = "", trpc = "", hono = "", customServer = "", routeHandler = ""] = snippets(
  "docs/recipes/own-errors.md",
);

const query = encodeURIComponent('{ order(id: "42") { id } }');
const graphql = { "content-type": "application/json" };

/** Stands in for Next.js, whose request handler responds to the errors of its routes itself. */
const nextStandIn = `
const next = () => ({
  prepare: async () => {},
  getRequestHandler: () => async (request, response) => {
    try {
      response.end(await (await request.upstream("http://orders:3000/orders/42")).text());
    } catch (error) {
      const { status = 500, headers = {} } = listener.translate(error, request, response);
      response.writeHead(status, headers).end();
    }
  },
});`;

/** Of each recipe its code, and the path of a GET that calls the upstream. */
const recipes: Readonly<Record<string, [code: string, path: string]>> = {
  "GraphQL Yoga": [yoga, `/graphql?query=${query}`],
  tRPC: [trpc, "/trpc/order"],
  Hono: [hono, "/orders/42"],
  "a custom server of Next.js": [
    customServer.replace('import next from "next";', nextStandIn),
    "/api/orders/42",
  ],
  "a route handler of Next.js": [
    `${routeHandler}
import { createServer } from "node:http";
createServer(async (request, response) => {
  const { status, headers, body } = await GET(new Request("http://localhost" + request.url));
  response.writeHead(status, Object.fromEntries(headers)).end(await new Response(body).text());
}).listen(8080);`,
    "/orders/42",
  ],
};

describe.each(Object.entries(recipes))("the recipe of %s", (_name, [code, path]) => {
  test("resends a GET, and turns a failure into a retryable 502", async () => {
    const { orders, url } = await start(code);
    const first = await untilAnswered(url + path);
    expect([first.status, await first.text()]).toEqual([200, expect.stringContaining("42")]);
    orders.script([{ fault: "reset" }]);
    expect((await fetch(url + path)).status).toBe(200);

    orders.setFaults([{ fault: "reset" }]);
    const failed = await fetch(url + path);
    expect(failed.status).toBe(502);
    expect(failed.headers.get("x-should-retry")).toBe("true");
    const text = await failed.text();
    expect(text).not.toContain("ECONNRESET");
    expect(text).not.toContain(orders.origin);
  });
});

test("a GraphQL query over POST is not retry-safe", async () => {
  const { orders, url } = await start(yoga);
  const post = (): Promise<Response> => {
    const body = JSON.stringify({ query: decodeURIComponent(query) });
    return fetch(`${url}/graphql`, { method: "POST", headers: graphql, body });
  };
  await untilAnswered(`${url}/graphql?query=${query}`);
  expect((await post()).status).toBe(200);
  orders.setFaults([{ fault: "reset" }]);
  const failed = await post();
  expect([failed.status, failed.headers.get("x-should-retry")]).toEqual([500, "false"]);
  expect(await failed.json()).toMatchObject({ errors: [{ path: ["order"] }] });
});

/** Starts a recipe's service, with an upstream of the tests'. */
async function start(code: string) {
  const orders = await opened({ respond: { body: '{"id":"42"}' } });
  const port = await freePort();
  expect(code).toContain("listen(8080)");
  await project.start(
    code.replace("8080", String(port)).replaceAll("http://orders:3000", orders.origin),
  );
  return { orders, url: `http://127.0.0.1:${port}` };
}
