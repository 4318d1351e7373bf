import { once } from "node:events";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { freePort } from "../../support/free-port.ts";
import { snippets, text } from "./markdown.ts";
import { Project, untilAnswered } from "./project.ts";

let project: Project;
const others = [
  "express",
  "express4",
  "undici",
  "prom-client",
  "@opentelemetry/instrumentation",
  "@opentelemetry/instrumentation-http",
  "@opentelemetry/instrumentation-undici",
];
beforeAll(async () => (project = await Project.open(...others)));
afterAll(() => project.remove());

const services = {
  "README.md": snippets("README.md")[0] ?? "",
  "packages/express/README.md": snippets("packages/express/README.md")[0] ?? "",
  "examples/express-minimal": text("examples/express-minimal/main.js"),
};

describe.each(Object.entries(services))("the service of %s", (_, code) => {
  test.each(["express", "express4"])("works unchanged under %s", async (express) => {
    await expectToWork(code.replace('"express"', `"${express}"`));
  });
});

/** Fails unless a service finds orders, and outlives the failures of its upstream. */
async function expectToWork(code: string): Promise<void> {
  const orders = await opened({ respond: { body: '{"id":42}' } });
  const port = await freePort();
  expect(code).toContain("app.listen(8080)");
  await start(code.replace("8080", String(port)), orders.origin);
  const url = `http://127.0.0.1:${port}/orders/42`;
  const answer = await untilAnswered(url);
  expect([answer.status, await answer.json()]).toEqual([200, { id: 42 }]);
  expect(orders.requests.at(-1)?.path).toBe("/orders/42");

  orders.script([{ fault: "reset" }]);
  expect((await fetch(url)).status).toBe(200);
  expect(orders.requests.map(({ fault }) => fault)).toEqual([null, "reset", null]);

  orders.setFaults([{ fault: "reset" }]);
  for (const _ of [1, 2]) {
    const failed = await fetch(url);
    expect(failed.status).toBe(502);
    expect(failed.headers.get("x-should-retry")).toBe("true");
  }
}

/** What the code of these pages takes for granted. */
const given = {
  "packages/core/README.md": "const call = () => Promise.reject(new Error());",
  "packages/testing/README.md": `import assert from "node:assert";\nconst yourCode = fetch;`,
  "docs/errors.md": `import { createUpstream } from "@reissue/upstream";
const [upstream, body] = [createUpstream(), "{}"];`,
};

const pieces = {
  "README.md, opting in": `import { reissue } from "@reissue/express";\n${snippets("README.md")[1]}`,
  "README.md, callers": `import { memoryStore, reissue } from "@reissue/express";\n${snippets("README.md")[2]}`,
  "packages/upstream/README.md": snippets("packages/upstream/README.md")[0] ?? "",
  "packages/opentelemetry/README.md": snippets("packages/opentelemetry/README.md")[0] ?? "",
  "packages/prometheus/README.md": snippets("packages/prometheus/README.md")[0] ?? "",
  ...Object.fromEntries(
    Object.entries(given).map(([page, before]) => [page, `${before}\n${snippets(page)[0]}`]),
  ),
  "docs/observability.md": snippets("docs/observability.md").join("\n"),
  "docs/options.md": snippets("docs/options.md").join("\n"),
  "packages/testing/README.md, a mock": `const yourCode = (origin) =>
  fetch(origin + "/orders", { method: "POST", body: JSON.stringify({ item: "tea" }) });
${snippets("packages/testing/README.md")[1]}`,
  "docs/recipes/testing.md": snippets("docs/recipes/testing.md")[0] ?? "",
  // test/clients runs the rest of docs/migrating.
  "docs/migrating/http-agent.md": snippets("docs/migrating/http-agent.md")[2] ?? "",
};

test.each(Object.entries(pieces))("the code of %s runs", async (_, code) => {
  const orders = await opened({ respond: { body: '{"id":42}' } });
  const child = await start(`${code}\nsetImmediate(() => process.exit());`, orders.origin);
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("the adapter cases of packages/testing/README.md pass", async () => {
  const code = snippets("packages/testing/README.md")[3] ?? "";
  // A runner as plain as can be.
  const child = await start(
    `const cases = [];
const test = (name, run) => cases.push(run);
${code}
for (const run of cases) await run();
process.exit(cases.length > 20 ? 0 : 1);`,
    "",
  );
  expect(await once(child, "exit")).toEqual([0, null]);
});

/** Runs code in a process of its own, with the upstream in the place of the one that it names. */
function start(code: string, origin: string) {
  return project.start(code.replaceAll("http://orders:3000", origin));
}
