import { request } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { freePort } from "../../support/free-port.ts";
import { snippets } from "./markdown.ts";
import { Project, untilAnswered } from "./project.ts";

let project: Project;
beforeAll(async () => (project = await Project.open("express")));
afterAll(() => project.remove());

const [service = "", , mounts = ""] = snippets("docs/recipes/idempotency.md");

/** Starts the recipe's service, with a payments service of the tests'. */
async function started() {
  const payments = await opened({ respond: { body: '{"id":"ch_1"}' } });
  const port = await freePort();
  expect(service).toContain("app.listen(8080)");
  await project.start(
    service.replace("8080", String(port)).replaceAll("http://payments:3000", payments.origin),
  );
  const url = `http://127.0.0.1:${port}/orders`;
  await untilAnswered(url);
  /** Orders with one key: the status, whether it is a replay, and the body. */
  const order = async (authorization = "Bearer ann.1"): Promise<unknown[]> => {
    const type = { "content-type": "application/json" };
    const headers = { ...type, "idempotency-key": "order-1", authorization };
    const answer = await fetch(url, { method: "POST", headers, body: '{"amount":100}' });
    return [answer.status, answer.headers.get("idempotent-replayed"), await answer.text()];
  };
  return { payments, order };
}

const charged = '{"charge":{"id":"ch_1"}}';

test("the service stores its first response, and replays it", async () => {
  const { payments, order } = await started();
  expect(await order()).toEqual([201, null, charged]);
  expect(await order()).toEqual([201, "true", charged]);
  expect(payments.requests).toHaveLength(1);
});

test("a renewed token gets the same response, another account gets its own, and an unknown caller gets none", async () => {
  const { payments, order } = await started();
  expect(await order("Bearer ann.1")).toEqual([201, null, charged]);
  expect(await order("Bearer ann.2")).toEqual([201, "true", charged]);
  expect(await order("Bearer bob.1")).toEqual([201, null, charged]);
  expect((await order(""))[0]).toBe(401);
  expect(payments.requests).toHaveLength(2);
});

test.each([
  ["is down for maintenance", 503, '{"error":"maintenance"}'],
  ["takes its keys for somebody else's", 401, "{}"],
])("the response of a payments service that %s is not stored", async (_, status, body) => {
  const { payments, order } = await started();
  payments.setFaults([{ fault: "status", status, body }]);
  expect(await order()).toEqual([502, null, ""]);
  payments.setFaults([]);
  expect(await order()).toEqual([201, null, charged]);
  expect(payments.processedCount).toBe(1);
});

test("the response to a declined card is stored", async () => {
  const { payments, order } = await started();
  payments.setFaults([{ fault: "status", status: 402, body: "{}" }]);
  expect(await order()).toEqual([402, null, '{"error":"declined"}']);
  payments.setFaults([]);
  expect(await order()).toEqual([402, "true", '{"error":"declined"}']);
});

/** Starts what is mounted in the recipe, before a handler that says what it was asked. */
async function mounted(): Promise<string> {
  const port = await freePort();
  await project.start(`import express from "express";
import { memoryStore, reissue } from "@reissue/express";
const [app, store] = [express(), memoryStore()];
const cors = () => (req, res, next) => (res.set("Access-Control-Allow-Origin", "*"), next());
const authenticate = (req, res, next) => ((req.account = { id: req.get("authorization") }), next());
${mounts}
app.use((req, res) => res.set("ETag", '"1"').json({ account: req.account.id, body: req.body }));
app.listen(${port});`);
  const url = `http://127.0.0.1:${port}/`;
  await untilAnswered(url);
  return url;
}

test("each account has its own responses, each with the headers of the middleware before the gate", async () => {
  const url = await mounted();
  const ask = async (account: string, amount: number): Promise<unknown[]> => {
    const type = { "content-type": "application/json" };
    const headers = { ...type, "idempotency-key": "1", authorization: account };
    const body = JSON.stringify({ amount });
    const answer = await fetch(url, { method: "POST", headers, body });
    const names = ["access-control-allow-origin", "idempotent-replayed"];
    const given = names.map((name) => answer.headers.get(name));
    return [answer.status, ...given, answer.ok ? await answer.json() : null];
  };
  for (const account of ["one", "another"]) {
    const body = { amount: 1 };
    expect(await ask(account, 1)).toEqual([200, "*", null, { account, body }]);
    expect(await ask(account, 1)).toEqual([200, "*", "true", { account, body }]);
    expect(await ask(account, 2)).toEqual([422, "*", null, null]);
  }
});

test("a GET with a key gets the current state, with or without a condition", async () => {
  const url = await mounted();
  const key = { "idempotency-key": "1", authorization: "one" };
  // Not fetch, which asks for a whole answer beside the condition.
  const first = await request(url, { headers: { ...key, "if-none-match": '"1"' } });
  const second = await request(url, { headers: key });
  expect([first.statusCode, second.statusCode]).toEqual([304, 200]);
  expect(second.headers["idempotent-replayed"]).toBe(undefined);
});
