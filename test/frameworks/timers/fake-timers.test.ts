import { once } from "node:events";
import { Agent, createServer, request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

import { drain } from "@reissue/server";
import { afterEach, describe, expect, test, vi } from "vitest";

import { fakedTimers } from "../../support/clock/fake-timers.ts";
import { opened } from "../../testing/opened.ts";
import { withStores } from "../../support/stores/memory-stores.ts";
import { frameworks } from "../../support/frameworks/frameworks.ts";

afterEach(() => void vi.useRealTimers());

const agent = new Agent({ keepAlive: true });

/** Posts a keyed order, by the client that looks at no timer. */
async function post(origin: string, key: string, body: string): Promise<string> {
  const headers = { "idempotency-key": key, "content-type": "text/plain" };
  const sent = request(`${origin}/orders`, { method: "POST", headers, agent }).end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return `${response.statusCode} ${await text(response)}`;
}

describe.each(fakedTimers)("%s under fake timers", (_name, config) => {
  test.each(withStores(frameworks))(
    "a keyed request runs once, and may write after its end (store %s, $2)",
    async (_store, open, _framework, start) => {
      const upstream = await opened();
      let late: unknown;
      let runs = 0;
      const { origin } = await start({
        gate: { idempotency: { store: open(), scope: "shared" } },
        async run({ upstream: call, response }) {
          runs += 1;
          const answer = await (await call(upstream.origin, { method: "POST" })).text();
          response.end(`${answer} ${runs}`);
          response.write("too late", (error) => (late = error));
          return null;
        },
      });
      vi.useFakeTimers(config);
      for (const key of ["a", "b"]) {
        const first = await post(origin, key, key);
        expect(await post(origin, key, key)).toBe(first);
      }
      expect(runs).toBe(2);
      expect(late).toMatchObject({ code: "ERR_STREAM_WRITE_AFTER_END" });
    },
    5000,
  );

  test("a server that is drained ends", async () => {
    const server = createServer((_request, response) => response.end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    vi.useFakeTimers(config);
    expect(await drain(server, { lameDuckMs: 10 })).toEqual({ destroyed: 0, left: 0 });
  }, 5000);
});
