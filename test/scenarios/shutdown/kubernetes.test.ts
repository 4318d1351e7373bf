import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

import { expect, onTestFinished, test } from "vitest";

import { freePort } from "../../support/free-port.ts";
import { Project } from "../../repository/readme/project.ts";
import { snippets } from "../../repository/readme/markdown.ts";
import { opened } from "../../testing/opened.ts";

const [code = ""] = snippets("docs/recipes/kubernetes.md");

/** The recipe's service, in a process of its own. */
async function started(): Promise<{ child: ChildProcess; origin: string }> {
  const orders = await opened({ respond: { body: "placed", delayMs: 400 } });
  const port = await freePort();
  const project = await Project.open("express");
  onTestFinished(() => project.remove());
  const env = `process.env.PORT = "${port}"; process.env.ORDERS_URL = "${orders.origin}";\n`;
  const child = await project.start(env + code);
  const origin = `http://127.0.0.1:${port}`;
  // On connections of their own, so that none is left.
  const live = (): Promise<unknown> => request(`${origin}/live`, new Agent());
  await expect.poll(() => live().then(() => true), { timeout: 20_000 }).toBe(true);
  return { child, origin };
}

async function request(url: string, agent: Agent): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent }), "response")) as [IncomingMessage];
  if (response.statusCode !== 200 || !url.includes("/orders/")) response.resume();
  return response;
}

test("the service of the recipe fails its readiness probe and goes on serving, until it ends by itself", async () => {
  const { child, origin } = await started();
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const before = await request(`${origin}/ready`, agent);
  expect([before.statusCode, before.headers.connection]).toEqual([200, "keep-alive"]);
  const exited = once(child, "exit");
  const inFlight = request(`${origin}/orders/1`, agent);
  const probe = async (): Promise<unknown> => {
    const ready = await request(`${origin}/ready`, agent);
    return [ready.statusCode, ready.headers.connection];
  };
  child.kill("SIGTERM");
  await expect.poll(probe, { timeout: 5000 }).toEqual([503, "close"]);
  const meanwhile = await request(`${origin}/orders/2`, agent);
  expect([meanwhile.statusCode, meanwhile.headers.connection]).toEqual([200, "close"]);
  for (const response of [await inFlight, meanwhile]) expect(await text(response)).toBe("placed");
  expect((await request(`${origin}/live`, agent)).statusCode).toBe(200);
  agent.destroy();
  expect(await exited).toEqual([0, null]);
});

test("an idle service ends at once", async () => {
  const { child } = await started();
  const exited = once(child, "exit");
  const startsAt = performance.now();
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  // real time: a process of its own; the lame duck alone would take 5 s
  expect(performance.now() - startsAt).toBeLessThan(4500);
});
