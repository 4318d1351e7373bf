import { once } from "node:events";
import type { ChildProcess } from "node:child_process";

import { request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { freePort } from "../../support/free-port.ts";
import { opened } from "../../testing/opened.ts";
import { snippets } from "../readme/markdown.ts";
import { Project, untilAnswered, type RunOptions } from "../readme/project.ts";

let project: Project;
beforeAll(async () => {
  const frameworks = ["express", "koa", "@koa/bodyparser", "@koa/router", "fastify", "axios"];
  const nest = ["@nestjs/common", "@nestjs/core", "@nestjs/platform-express", "reflect-metadata"];
  project = await Project.open(...frameworks, ...nest, "rxjs", "http-errors");
});
afterAll(() => project.remove());

/** A page with a service: the language of its code, and which of its blocks is the second service. */
const services = {
  express: { language: "js", keyed: 2 },
  koa: { language: "js", keyed: 2 },
  fastify: { language: "js", keyed: 2 },
  nest: { language: "ts", keyed: 1 },
  "node-http": { language: "js", keyed: 2 },
};

describe.each(Object.entries(services))("the quick start of %s", (name, { language, keyed }) => {
  const page = snippets(`docs/quick-start/${name}.md`, language);

  test("has a service that finds orders, and outlives the failures of its upstream", async () => {
    const { orders, url } = await start(page[0]!, { language });
    const found = await untilAnswered(`${url}/orders/42`);
    expect([found.status, await found.json()]).toEqual([200, { id: 42 }]);

    orders.script([{ fault: "reset" }]);
    expect((await fetch(`${url}/orders/42`)).status).toBe(200);
    orders.setFaults([{ fault: "reset" }]);
    const failed = await fetch(`${url}/orders/42`);
    expect([failed.status, failed.headers.get("x-should-retry")]).toEqual([502, "true"]);
  });

  test("has a service that places an order once, and drains", async () => {
    const { orders, url, child } = await start(page[keyed]!, { language });
    await untilAnswered(`${url}/`);
    /** Places an order with a key, on a connection of its own, which does not hold the drain. */
    const place = async (key?: string, authorization = "Bearer ann.1") => {
      const { statusCode, headers, body } = await request(`${url}/orders`, {
        method: "POST",
        headers: {
          authorization,
          "content-type": "application/json",
          ...(key !== undefined && { "idempotency-key": key }),
        },
        body: '{"item":"tea"}',
        reset: true,
      });
      await body.dump();
      return [statusCode, headers["idempotent-replayed"]];
    };
    const placed = [name === "nest" ? 201 : 200, undefined];
    expect(await place("order-1")).toEqual(placed);
    expect(await place("order-1")).toEqual([placed[0], "true"]);
    expect(await place("order-1", "Bearer bob.1")).toEqual(placed);
    expect(await place()).toEqual([400, undefined]);
    expect(await place("order-1", "")).toEqual([401, undefined]);
    expect(orders.requests.map(({ method }) => method)).toEqual(["POST", "POST"]);

    const exit = once(child, "exit");
    child.kill("SIGTERM");
    // Nest ends its process by the signal, once it has closed the application.
    expect(await exit).toEqual(name === "nest" ? [null, "SIGTERM"] : [0, null]);
  });
});

test("the quick start of the agent gets an order although its connection dies, and ends", async () => {
  const orders = await opened({ respond: { body: '{"id":42}' } });
  const [get = "", post = ""] = snippets("docs/quick-start/agent.md");
  orders.script([null, { fault: "reset", when: "after-processing" }]);
  const child = await project.start((get + post).replaceAll("http://orders:3000", orders.origin));
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(orders.requests.map(({ method, fault }) => [method, fault])).toEqual([
    ["GET", null],
    ["POST", "reset"],
    ["POST", null],
  ]);
});

test("the quick start of a whole process has a service that resends without knowing it", async () => {
  const [code = ""] = snippets("docs/quick-start/register.md");
  const { orders, url } = await start(code, { args: ["--import", "@reissue/register"] });
  expect((await untilAnswered(`${url}/orders/42`)).status).toBe(200);
  orders.script([{ fault: "reset" }]);
  expect((await fetch(`${url}/orders/42`)).status).toBe(200);
  expect(orders.requests.map(({ fault }) => fault)).toEqual([null, "reset", null]);
  orders.setFaults([{ fault: "reset" }]);
  expect((await fetch(`${url}/orders/42`)).status).toBe(500);
});

/** Runs a service of a page in a process of its own, with an upstream of the tests'. */
async function start(code: string, options: RunOptions) {
  const orders = await opened({ respond: { body: '{"id":42}' } });
  const port = await freePort();
  expect(code).toMatch(/listen\(.*8080/);
  const child: ChildProcess = await project.start(
    code.replace("8080", String(port)).replaceAll("http://orders:3000", orders.origin),
    options,
  );
  return { orders, child, url: `http://127.0.0.1:${port}` };
}
