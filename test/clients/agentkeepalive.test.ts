import { once } from "node:events";
import type { Agent } from "node:http";
import { setTimeout } from "node:timers/promises";

import { HttpAgent } from "@reissue/agent";
import AgentKeepAlive from "agentkeepalive";
import { describe, expect, test } from "vitest";

import { kept } from "../support/agent/agents.ts";
import { begin, call, failure } from "../support/agent/call.ts";
import { lost, orderServer, sends } from "../support/clients/order-server.ts";
import { run, sections } from "../support/clients/page-code.ts";

const ofPage = sections("docs/migrating/agentkeepalive.md");

// real time: agentkeepalive cannot be given a clock.
describe("options of agentkeepalive, and of HttpAgent in their place", () => {
  const both = (name: string, theirs: object, ours: object) =>
    [
      [`agentkeepalive, ${name}`, () => new AgentKeepAlive(theirs)],
      [`HttpAgent, ${name}`, () => new HttpAgent(ours)],
    ] as const;

  test.each(
    both("freeSocketTimeout as idleMs", { freeSocketTimeout: 30 }, { reissue: { idleMs: 30 } }),
  )("%s: a connection is not used again after that time", async (_name, open) => {
    const server = await orderServer();
    const agent = kept(open());
    await call(server.origin, { agent });
    // real time: longer than the idle timeout, which is the agent's own timer
    await setTimeout(60);
    await call(server.origin, { agent });
    expect(server.connections).toBe(2);
  });

  const limits = { maxSockets: 3, maxFreeSockets: 1 };
  test.each(both("maxSockets and maxFreeSockets", limits, limits))(
    "%s limit how many connections are open, and how many stay open",
    async (_name, open) => {
      const server = await orderServer();
      const agent = kept(open());
      await Promise.all(Array.from({ length: 9 }, () => call(server.origin, { agent })));
      expect(server.connections).toBeLessThanOrEqual(3);
      await server.until(({ open }) => open === 1);
    },
  );

  test("the timeout ends a silent request of agentkeepalive, and is only an event for HttpAgent", async () => {
    const server = await orderServer([{ fault: "hang" }]);
    const theirs = kept(new AgentKeepAlive({ timeout: 30 }));
    const error = await failure(call(server.origin, { agent: theirs }));
    expect(error.code).toBe("ERR_SOCKET_TIMEOUT");
    const request = begin(server.origin, { agent: kept(new HttpAgent({ timeout: 30 })) });
    request.on("error", () => {}).end();
    await once(request, "timeout");
    expect(request.destroyed).toBe(false);
    request.destroy();
  });

  test.each([
    ["agentkeepalive", { socketActiveTTL: 30 }, 2],
    ["HttpAgent, which has no such option,", {}, 1],
  ] as const)(
    "%s uses the expected number of connections past socketActiveTTL",
    async (_name, options, count) => {
      const server = await orderServer();
      const Class = count === 2 ? AgentKeepAlive : HttpAgent;
      const agent = kept(new Class(options));
      await call(server.origin, { agent });
      // real time: longer than the idle timeout, which is the agent's own timer
      await setTimeout(60);
      await call(server.origin, { agent });
      expect(server.connections).toBe(count);
    },
  );
});

test("agentkeepalive itself, wrapped as the page says, keeps its options and resends", async () => {
  const [code = ""] = ofPage.get("What changes")!;
  const { agent } = await run(code.replace("60_000", "500"), {});
  kept(agent as Agent);
  const server = await orderServer();
  server.script([null, lost]);
  await call(server.origin, { agent });
  expect(JSON.parse((await call(server.origin, { agent })).body)).toEqual({ id: 42 });
  expect(sends(server)).toEqual(["GET", "GET lost", "GET"]);
  // real time: longer than the idle timeout, which is the agent's own timer
  await setTimeout(550);
  await call(server.origin, { agent });
  expect(server.connections).toBe(3);
});
