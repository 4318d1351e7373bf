import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

const examples = join(import.meta.dirname, "../../../examples");
const shops = ["express-orders", "koa-orders", "fastify-orders", "nest-orders"];

/** Of shops in TypeScript, with decorators. */
const typeScript = ["--import", "tsx", "main.ts"];

/** A status and a body. */
type Answer = readonly [status: number, body: unknown];

interface Shop {
  readonly ask: (method: string, path: string, more?: RequestInit) => Promise<Answer>;
  readonly child: ChildProcess;
}

const json = { "content-type": "application/json" };
const keyed = (key: string, caller: string): RequestInit => ({
  headers: { ...json, "idempotency-key": key, authorization: caller },
  body: '{"order":"1"}',
});

/** What is said to each shop, and what every one of them answers. */
const dialogue: readonly (readonly [string, string, RequestInit, Answer])[] = [
  ["GET", "/orders/1", {}, [200, { id: "1", item: "tea", stock: { left: 7 } }]],
  ["GET", "/orders/99", {}, [404, { error: "No such order" }]],
  ["GET", "/parcels/1", {}, [504, { error: "Gateway Timeout" }]],
  ["POST", "/payments", keyed("a", "Bearer Ann.1"), [200, { charges: 1 }]],
  ["POST", "/payments", keyed("a", "Bearer Ann.1"), [200, { charges: 1 }]],
  ["POST", "/payments", keyed("b", "Bearer Ann.1"), [200, { charges: 2 }]],
  ["POST", "/payments", keyed("a", "Bearer Bob.1"), [200, { charges: 3 }]],
  // A token that was renewed.
  ["POST", "/payments", keyed("a", "Bearer Ann.2"), [200, { charges: 3 }]],
  ["POST", "/payments", keyed("a", ""), [401, { error: "Unauthorized" }]],
  [
    "POST",
    "/payments",
    { headers: json, body: "{}" },
    [400, { error: "This request needs an Idempotency-Key header" }],
  ],
  [
    "POST",
    "/payments",
    { headers: { ...json, "idempotency-key": "" }, body: "{}" },
    [400, { error: expect.stringContaining("Idempotency-Key") }],
  ],
  ["POST", "/orders", { headers: json, body: "{" }, [400, { error: expect.any(String) }]],
];

test.each(shops)("%s responds like all other shops, whatever its upstreams lose", async (name) => {
  const { ask, child } = await open(name);
  for (const [method, path, request, answer] of dialogue) {
    expect(await ask(method, path, request), `${method} ${path}`).toEqual(answer);
  }

  // What may be sent again is: nothing is lost.
  const order = [200, { id: "1", item: "tea", stock: { left: 7 } }];
  for (const _ of times(200)) expect(await ask("GET", "/orders/1")).toEqual(order);
  for (const _ of times(30)) {
    expect(await ask("POST", "/orders/1/reserve")).toEqual([200, { left: 7 }]);
  }
  for (const [count] of times(30).entries()) {
    expect(await ask("POST", "/payments", keyed(`key-${count}`, "Bearer Ann.1"))).toEqual([
      200,
      { charges: 4 + count },
    ]);
  }

  // What may not is lost now and then, which shows that there is something to lose.
  const placed: Answer[] = [];
  for (const _ of times(40)) {
    placed.push(await ask("POST", "/orders", { headers: json, body: '{"item":"cake"}' }));
  }
  const lost = placed.filter(([status]) => status !== 201);
  expect(lost.length).toBeGreaterThan(0);
  for (const answer of lost) expect(answer).toEqual([500, { error: "Internal Server Error" }]);
  const kept = placed.filter(([status]) => status === 201);
  expect(kept).toEqual(
    kept.map((_, index) => [201, { id: String(2 + index), item: "cake", stock: { left: 7 } }]),
  );

  const exit = once(child, "exit");
  const underWay = ask("GET", "/parcels/1");
  await ask("GET", "/orders/1");
  child.kill("SIGTERM");
  expect(await underWay).toEqual([504, { error: "Gateway Timeout" }]);
  expect(await exit).toEqual([0, null]);
});

test.each(shops)("the shop %s is short", (name) => {
  const [file = "", most = 0] = isTypeScript(name) ? ["main.ts", 100] : ["main.js", 80];
  const lines = readFileSync(join(examples, name, file), "utf8")
    .trimEnd()
    .split("\n");
  expect(lines.length).toBeLessThanOrEqual(most);
});

/** Whether a shop is written in TypeScript, with the decorators of its framework. */
function isTypeScript(name: string): boolean {
  return existsSync(join(examples, name, "main.ts"));
}

/** A shop in a process of its own, on a free port. */
async function open(name: string): Promise<Shop> {
  const env = { ...process.env, PORT: "0" };
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const cwd = join(examples, name);
  const args = isTypeScript(name) ? typeScript : ["main.js"];
  const child = spawn(process.execPath, args, { cwd, env, stdio: [...stdio] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  await expect.poll(() => output, { timeout: 20_000 }).toContain("/payments");
  const origin = `http://${/127\.0\.0\.1:\d+/.exec(output)?.[0]}`;
  const ask: Shop["ask"] = async (method, path, more) => {
    const answer = await fetch(origin + path, { method, ...more });
    return [answer.status, await answer.json()];
  };
  return { ask, child };
}

function times(count: number): undefined[] {
  return Array.from({ length: count });
}
