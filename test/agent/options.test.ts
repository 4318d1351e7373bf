import http, { Agent } from "node:http";
import https from "node:https";

import { adopt, HttpAgent, HttpsAgent, withReissue } from "@reissue/agent";
import KeepAliveAgent from "agentkeepalive";
import { describe, expect, onTestFinished, test } from "vitest";

import { opened } from "../testing/opened.ts";
import { agentWith, kept } from "../support/agent/agents.ts";
import { begin, call, failure, replyTo } from "../support/agent/call.ts";

const die = { fault: "reset", when: "after-processing" } as const;

describe("a wrong option of the agent", () => {
  test.each([
    [{ idleMs: 0 }, "reissue.idleMs"],
    [{ unsafeIdleMs: "1s" }, "reissue.unsafeIdleMs"],
    [{ retry: { maxAttempts: 0 } }, "reissue.retry.maxAttempts"],
    [{ retry: { retryOn: ["rst"] } }, "reissue.retry.retryOn[0]"],
    [{ retry: { attemptTimeoutMs: 100 } }, "reissue.retry.attemptTimeoutMs"],
    [{ retry: null }, "reissue.retry"],
    [{ bodies: { maxByte: 1 } }, "reissue.bodies.maxByte"],
    [{ bodies: { maxBytes: -1 } }, "reissue.bodies.maxBytes"],
    [{ policyFor: {} }, "reissue.policyFor"],
    [{ maxAttempts: 2 }, "reissue.maxAttempts"],
    ["fast", "reissue"],
    [null, "reissue"],
  ])("is refused with its path: %j", (reissue: unknown, path) => {
    const wrong = expect.objectContaining({ code: "ERR_REISSUE_OPTION", path });
    expect(() => new HttpAgent({ reissue: reissue as object })).toThrow(wrong);
    expect(() => new HttpsAgent({ reissue: reissue as object })).toThrow(wrong);
    expect(() => adopt(new Agent(), reissue as object)).toThrow(wrong);
  });

  test("is refused beside the options of Node's agent, which would ignore it", () => {
    const wrong = expect.objectContaining({
      code: "ERR_REISSUE_OPTION",
      path: "idleMs",
      message: expect.stringContaining("{ reissue: { idleMs } }"),
    });
    const options = { maxSockets: 1, idleMs: 500 } as object;
    expect(() => new HttpAgent(options)).toThrow(wrong);
    expect(() => new HttpsAgent(options)).toThrow(wrong);
    const Other = withReissue(KeepAliveAgent);
    expect(() => kept(new Other(options))).not.toThrow();
  });

  test("is refused if the given agent is no agent", () => {
    const wrong = (path: string) => expect.objectContaining({ code: "ERR_REISSUE_OPTION", path });
    expect(() => adopt({} as Agent)).toThrow(wrong("agent"));
    expect(() => withReissue(Map as unknown as typeof Agent)).toThrow(wrong("Base"));
    expect(() => withReissue(null as unknown as typeof Agent)).toThrow(wrong("Base"));
  });
});

test("the field stays out of the options of the agent, which override those of each request", () => {
  const agent = kept(new HttpAgent({ maxSockets: 3, reissue: { idleMs: 1000 } }));
  expect(agent).toBeInstanceOf(Agent);
  expect((agent as unknown as { options: object }).options).not.toHaveProperty("reissue");
  expect(agent.maxSockets).toBe(3);
  expect(agent).toHaveProperty("keepAlive", true);
  expect(kept(new HttpsAgent())).toBeInstanceOf(https.Agent);
});

test.each([undefined, null])(
  "%s in place of the options means none: keepAlive is on",
  (options) => {
    const agent = kept(new HttpAgent(options as undefined));
    expect((agent as unknown as { keepAlive: boolean }).keepAlive).toBe(true);
  },
);

describe("adopt()", () => {
  test("makes an existing agent resend, such as http.globalAgent", async () => {
    const upstream = await opened();
    const agent = kept(new Agent({ keepAlive: true }));
    expect(adopt(agent)).toBe(agent);
    expect(adopt(agent)).toBe(agent);
    await call(upstream.origin, { agent });
    upstream.script([die]);
    expect((await call(upstream.origin, { agent })).status).toBe(200);
  });

  test("reaches code that uses the global agent without knowing it", async () => {
    const own = http.globalAgent;
    onTestFinished(() => void (http.globalAgent = own));
    http.globalAgent = kept(adopt(new Agent({ keepAlive: true })));
    const upstream = await opened();
    const get = () => replyTo(http.get(upstream.origin));
    await get();
    upstream.script([die]);
    expect((await get()).status).toBe(200);
  });

  test("leaves requests alone that are in flight", async () => {
    const upstream = await opened();
    const agent = kept(new Agent({ keepAlive: true }));
    await call(upstream.origin, { agent });
    const early = call(upstream.origin, { agent });
    adopt(agent);
    expect((await early).status).toBe(200);
    expect((await call(upstream.origin, { agent, method: "POST" })).status).toBe(200);
  });
});

test("withReissue() takes any class of agents", async () => {
  const upstream = await opened();
  const agent = kept(new (withReissue(KeepAliveAgent))({ reissue: { idleMs: 1000 } }));
  expect(agent).toBeInstanceOf(KeepAliveAgent);
  await call(upstream.origin, { agent });
  upstream.script([die]);
  expect((await call(upstream.origin, { agent })).status).toBe(200);
});

test("withReissue() returns a class that already resends as it is", () => {
  expect(withReissue(HttpAgent)).toBe(HttpAgent);
});

test("a subclass that names sockets in more detail than Node reuses its sockets and serves its queue", async () => {
  const upstream = await opened();
  class TenantAgent extends HttpAgent {
    override getName(options?: object): string {
      const named = super.getName(options);
      return `${(options as { tenant?: string }).tenant}:${named}`;
    }
  }
  const agent = kept(new TenantAgent({ maxSockets: 1 }));
  const options = { agent, tenant: "t1" };
  const both = [call(upstream.origin, options), call(upstream.origin, options)];
  expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 200]);
  await call(upstream.origin, options);
  expect(upstream.requests.map(({ connection }) => connection)).toEqual([1, 1, 1]);
});

test("options of a socket that code copies into another request do not mislead the agent", async () => {
  const [first, second] = [await opened(), await opened()];
  const agent = kept(new HttpAgent());
  let copied: object = {};
  agent.on("free", (_socket, options: object) => {
    copied = options;
  });
  await call(first.origin, { agent });
  const { hostname, port } = new URL(second.origin);
  await call(second.origin, { ...copied, agent, hostname, host: hostname, port });
  await call(first.origin, { agent });
  expect([first.requests.length, second.requests.length]).toEqual([2, 1]);
});

describe("policyFor()", () => {
  const policyFor = (request: http.ClientRequest) =>
    request.getHeader("x-amz-target") === "DynamoDB.GetItem"
      ? { retryOn: ["reset"] as const }
      : undefined;

  test.each([
    ["DynamoDB.GetItem", 200],
    ["DynamoDB.PutItem", null],
  ])("opts requests in by their properties: %s", async (target, status) => {
    const upstream = await opened();
    const agent = agentWith({ policyFor });
    await call(upstream.origin, { agent });
    upstream.script([die]);
    const headers = { "X-Amz-Target": target };
    const called = call(upstream.origin, { agent, method: "POST", body: "{}", headers });
    if (status === null) expect((await failure(called)).code).toBe("ECONNRESET");
    else expect((await called).status).toBe(status);
  });

  test("sees a header that is set after the constructor", async () => {
    const upstream = await opened();
    const agent = agentWith({ policyFor });
    await call(upstream.origin, { agent });
    upstream.script([die]);
    const request = begin(upstream.origin, { agent, method: "POST" });
    request.setHeader("x-amz-target", "DynamoDB.GetItem");
    request.end("{}");
    expect((await replyTo(request)).status).toBe(200);
  });

  test.each([
    [
      "throws",
      () => {
        throw new TypeError("no policy");
      },
      "no policy",
    ],
    ["says what is wrong", () => ({ retryOn: ["rst"] }), "reissue.policyFor().retryOn[0]"],
    ["says what means nothing here", () => ({ attemptTimeoutMs: 5 }), "attemptTimeoutMs"],
    [
      "is asynchronous",
      () => Promise.reject(new Error("not found")),
      "reissue.policyFor() must return options at once",
    ],
  ])("fails the request instead of the process if it %s", async (_name, policy, message) => {
    const upstream = await opened();
    const agent = agentWith({ policyFor: policy as unknown as () => undefined });
    const error = await failure(call(upstream.origin, { agent, method: "POST", body: "x" }));
    expect(error.message).toContain(message);
    expect(upstream.requests).toEqual([]);
  });
});

describe("an Idempotency-Key", () => {
  test.each([
    [
      "as an option",
      (origin: string, agent: Agent) =>
        begin(origin, { agent, method: "POST", headers: { "idempotency-key": "k" } }),
    ],
    [
      "in a list of headers",
      (origin: string, agent: Agent) =>
        begin(origin, { agent, method: "POST", headers: ["Host", "a", "Idempotency-Key", "k"] }),
    ],
    [
      "set later",
      (origin: string, agent: Agent) => {
        const request = begin(origin, { agent, method: "POST" });
        return request.setHeader("Idempotency-Key", "k");
      },
    ],
    [
      "set at `socket`",
      (origin: string, agent: Agent) => {
        const request = begin(origin, { agent, method: "POST" });
        return request.once("socket", () => request.setHeader("Idempotency-Key", "k"));
      },
    ],
  ])("counts in this form: %s", async (_name, start) => {
    const upstream = await opened();
    const agent = agentWith();
    await call(upstream.origin, { agent });
    upstream.script([die]);
    const request = start(upstream.origin, agent);
    setImmediate(() => request.end("x"));
    expect((await replyTo(request)).status).toBe(200);
  });

  test("does not count if it is empty", async () => {
    const upstream = await opened();
    const agent = agentWith();
    await call(upstream.origin, { agent });
    upstream.script([die]);
    const headers = { "Idempotency-Key": "" };
    const error = await failure(call(upstream.origin, { agent, method: "POST", headers }));
    expect(error.reissue).toMatchObject({ reason: "not-retry-safe" });
  });
});
