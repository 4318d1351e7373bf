import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { expect, test } from "vitest";

import { options, root, text } from "./markdown.ts";

const page = options("docs/options.md");

/** The properties of an interface in a source file, with the default that its docstring names. */
function properties(path: string, name: string): Map<string, string | undefined> {
  const body = new RegExp(`interface ${name}\\b[^{]*{(.*?)^}`, "ms").exec(text(path))?.[1];
  expect(body, `${name} in ${path}`).toBeDefined();
  const found = new Map<string, string | undefined>();
  for (const [, docs = "", property = ""] of (body ?? "").matchAll(
    /(\/\*\*(?:(?!\*\/).)*\*\/)?\s*readonly (\w+)\??:/gs,
  )) {
    found.set(property, /@defaultValue (\w+)/.exec(docs)?.[1]);
  }
  return found;
}

const client = properties("packages/upstream/src/config/options.ts", "UpstreamOptions");
const connection = properties("packages/upstream/src/config/options.ts", "ConnectionSettings");
const origin = properties("packages/upstream/src/config/options.ts", "OriginOptions");
const route = properties("packages/upstream/src/config/options.ts", "OriginRouteOptions");
const call = properties("packages/core/src/retry/retry-options.ts", "CallRetryOptions");
const retry = properties("packages/core/src/retry/retry-options.ts", "RetryOptions");
const agent = [
  properties("packages/agent/src/agent.ts", "WithReissueOptions"),
  properties("packages/agent/src/options.ts", "ReissueAgentOptions"),
];
const server = [
  properties("packages/express/src/gate.ts", "ReissueOptions"),
  properties("packages/server/src/config/gate-config.ts", "GateOptions"),
  properties("packages/server/src/config/idempotency-config.ts", "IdempotencyOptions"),
  properties("packages/core/src/idempotency/claim/claim-config.ts", "ClaimOptions"),
  properties("packages/server/src/config/route-config.ts", "RouteOptions"),
  properties("packages/server/src/node-handler.ts", "HandlerOptions"),
  properties("packages/core/src/idempotency/store/memory-store-config.ts", "MemoryStoreOptions"),
];

test("every option is described, and no description is stale", () => {
  const all = [client, connection, origin, route, call, retry, ...agent, ...server].flatMap(
    (each) => [...each.keys()],
  );
  const described = [...page.keys()].flatMap((name) => name.split("."));
  const nested = ["baseMs", "capMs", "ratio", "minPerSecond", "route"];
  // A condition is described in a table of its own.
  const conditions = ["reset", "timeout"];
  expect(new Set(described)).toEqual(new Set([...all, ...nested, ...conditions]));
});

test("the defaults of the client are those that its options state", () => {
  for (const [name, value] of connection)
    if (value !== undefined) expect(page.get(name)).toBe(value);
  for (const name of ["maxBytes", "maxBytesTotal"]) {
    expect(page.get(`bodies.${name}`)).toBe(client.get(name));
  }
});

test("the tables are those by which options are read", () => {
  const script = join(root, "scripts/options.js");
  const { stderr, status } = spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});
