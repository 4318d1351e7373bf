import { isReissueError } from "@reissue/core";
import { reissue } from "@reissue/fastify";
import { manualClock, type FaultyUpstream } from "@reissue/testing";
import type { Upstream } from "@reissue/upstream";
import type { FastifyInstance } from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";

import { lost, orderServer, sends } from "../support/clients/order-server.ts";
import { lines } from "../support/clients/page-client.ts";
import { run } from "../support/clients/page-code.ts";
import { client } from "../support/upstream/client.ts";

/** A proxy that runs, as the lines of the page make it. */
async function proxy(
  name: string,
  server: FaultyUpstream,
  upstream: Upstream,
  edit: (code: string) => string = (code) => code,
): Promise<{ readonly url: string; readonly errors: readonly Error[] }> {
  const code = edit(lines.get(name)![0]!).replace("http://orders:3000", server.origin);
  const app = (await run(code, { upstream, reissue }))["app"] as FastifyInstance;
  onTestFinished(() => app.close());
  const errors: Error[] = [];
  app.addHook("onError", async (_request, _reply, error) => void errors.push(error));
  return { url: `${await app.listen({ port: 0, host: "127.0.0.1" })}/orders/42`, errors };
}

/** How often a GET is sent that always gets 503. */
async function sendsUnavailable(name: string, edit: (code: string) => string): Promise<number> {
  const server = await orderServer([{ fault: "status", status: 503, body: "{}" }]);
  const retry = { backOff: { baseMs: 1 }, budget: { minPerSecond: 1000 } };
  const { url } = await proxy(name, server, client({ retry }), edit);
  expect((await fetch(url)).status).toBe(503);
  return server.requests.length;
}

const post = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
const keyed = { ...post, headers: { ...post.headers, "idempotency-key": "a-key" } };

describe.each(["@fastify/reply-from", "@fastify/http-proxy"])(
  "%s, as docs/clients.md has it",
  (name) => {
    test("passes on a GET and a POST with a key that are sent twice", async () => {
      const server = await orderServer();
      const { url } = await proxy(name, server, client({ clock: manualClock() }));
      server.script([null, lost]);
      await fetch(url);
      expect(await (await fetch(url)).json()).toEqual({ id: 42 });
      server.script([lost]);
      expect(await (await fetch(url, keyed)).json()).toEqual({ id: 42 });
      expect(sends(server)).toEqual(["GET", "GET lost", "GET", "POST lost", "POST"]);
      expect(server.requests.at(-1)?.body?.toString()).toBe("{}");
    });

    test("sends a plain POST once, responds with 500, and its error says what is known", async () => {
      const server = await orderServer();
      const clock = manualClock();
      const { url, errors } = await proxy(name, server, client({ clock }));
      server.script([null, lost]);
      await fetch(url);
      await clock.advance(5);
      expect((await fetch(url, post)).status).toBe(500);
      expect(sends(server)).toEqual(["GET", "POST lost"]);
      expect(isReissueError(errors[0]?.cause)).toBe(true);
      expect(errors[0]).toMatchObject({ cause: { delivery: "stale", reason: "not-retry-safe" } });
    });

    test("responds behind the gate with 502 if a replay is safe, and with 500 otherwise", async () => {
      const server = await orderServer([{ fault: "reset" }]);
      const upstream = client({ retry: { maxAttempts: 1 } });
      const gated = (code: string): string =>
        code.replace("Fastify();", "Fastify();\nawait app.register(reissue, { upstream });");
      const { url } = await proxy(name, server, upstream, gated);
      const responses = await Promise.all([fetch(url), fetch(url, post)]);
      expect(responses.map(({ status }) => status)).toEqual([502, 500]);
      const replays = responses.map(({ headers }) => headers.get("x-should-retry"));
      expect(replays).toEqual(["true", "false"]);
    });

    // real time: its back-off cannot be given a clock.
    test.each([
      ["33 times by default", "", 33],
      ["3 times with retryMethods: []", "retryMethods: [],", 3],
    ])("sends a GET that always gets 503 %s", async (_times, setting, times) => {
      const edit = (code: string): string => code.replace("retryMethods: [],", setting);
      expect(await sendsUnavailable(name, edit)).toBe(times);
    });

    test("streams a response", async () => {
      const server = await orderServer([
        { fault: "slow", from: "body", chunkBytes: 5, everyMs: 5 },
      ]);
      const { url } = await proxy(name, server, client());
      expect(await (await fetch(url)).json()).toEqual({ id: 42 });
    });
  },
);

test("maxRetriesOn503: 0 of reply-from means ten retries", async () => {
  const edit = (code: string): string =>
    code
      .replace("retryMethods: [],", "")
      .replace("from(request.url)", "from(request.url, { maxRetriesOn503: 0 })");
  expect(await sendsUnavailable("@fastify/reply-from", edit)).toBe(33);
});

test("retriesCount alone does not make reply-from retry a reset, as docs/migrating/reply-from.md says", async () => {
  const server = await orderServer([lost]);
  const alone = (code: string): string =>
    code
      .replace(/undici: .*|retryMethods: .*/g, "")
      .replace("from(request.url)", "from(request.url, { retriesCount: 2 })");
  const { url, errors } = await proxy("@fastify/reply-from", server, client(), alone);
  expect((await fetch(url)).status).toBe(500);
  expect(errors[0]).toMatchObject({ cause: { code: "ECONNRESET" } });
  server.setFaults([{ fault: "status", status: 503, body: "{}" }]);
  expect((await fetch(url)).status).toBe(503);
  expect(server.requests).toHaveLength(2);
});
