import { createUpstream, type UpstreamOptions } from "@reissue/upstream";
import { describe, expect, onTestFinished, test } from "vitest";

import { misuseWarnings } from "../../support/misuse-warnings.ts";
import { opened } from "../../testing/opened.ts";

function client(options: UpstreamOptions = {}): ReturnType<typeof createUpstream> {
  const upstream = createUpstream(options);
  onTestFinished(() => upstream.dispatcher.destroy());
  return upstream;
}

describe("an option of another client", () => {
  test.each([
    ["timeout", 1000, "signal: AbortSignal.timeout(ms)"],
    ["json", { id: 7 }, "body: JSON.stringify(value)"],
    ["data", { id: 7 }, "body: JSON.stringify(value)"],
    ["form", { id: 7 }, "body: new URLSearchParams(…)"],
    ["params", { page: 1 }, "a query in the URL"],
    ["searchParams", { page: 1 }, "a query in the URL"],
    ["agent", {}, "options of the client"],
    ["dispatcher", {}, "options of the client"],
    ["retryOn", ["reset"], "retry: { retryOn: […] }"],
  ])("leads to one warning that says what to write instead: %s", async (name, value, remedy) => {
    const { origin } = await opened({ respond: { body: "fine" } });
    for (const validate of [undefined, false, { callOption: false }]) {
      const upstream = client({ validate });
      for (let call = 0; call < 3; call += 1) {
        const init = { method: "POST", [name]: value };
        await (await upstream(`${origin}/orders`, init)).text();
        await (await upstream.request(`${origin}/orders`, init)).body.text();
      }
      const told = await misuseWarnings();
      if (validate !== undefined) expect(told).toEqual([]);
      else {
        expect(told).toEqual([
          { code: "WARN_REISSUE_CALL_OPTION", message: expect.stringContaining(remedy) },
        ]);
        expect(told[0]?.message).toMatch(new RegExp(`^A call to "${origin}/orders" .*\`${name}\``));
      }
    }
  });

  test("leads to no warning if a library has already done what it asks for", async () => {
    const { origin } = await opened({ respond: { body: "fine" } });
    const upstream = client();
    const signal = AbortSignal.timeout(20_000);
    const body = "{}";
    for (const init of [
      { signal, timeout: 20_000, agent: {} },
      { method: "POST", body, json: {}, data: {}, form: {} },
      { params: { page: 1 }, searchParams: {} },
      { dispatcher: undefined, timeout: null, retry: 3 },
    ]) {
      await (await upstream(`${origin}/orders?page=1`, init as never)).text();
      await (await upstream(new Request(`${origin}/orders?page=1`), init as never)).text();
    }
    expect(await misuseWarnings()).toEqual([]);
  });
});

// real time: the check waits for the length of a real pause, with sockets that fill
describe(
  "bodies that stay unread while calls wait for their connections",
  { timeout: 20_000 },
  () => {
    const big = "x".repeat(2 ** 20);

    test.each([
      ["fetched", (upstream: ReturnType<typeof client>, url: string) => upstream(url)],
      ["requested", (upstream: ReturnType<typeof client>, url: string) => upstream.request(url)],
    ])("lead to one warning for an origin if they are %s", async (_way, call) => {
      const { origin } = await opened({ respond: { body: big } });
      const upstream = client({ connections: 2, retry: { totalTimeoutMs: 2500 } });
      const silent = client({ connections: 1, validate: false, retry: { totalTimeoutMs: 2500 } });
      const held = await Promise.all(
        [upstream, upstream, silent].map((each) => call(each, origin)),
      );
      const waiting = [upstream, upstream, upstream, silent].map((each) => call(each, origin));
      await Promise.allSettled(waiting);
      expect(held).toHaveLength(3);
      const told = await misuseWarnings();
      expect(told).toEqual([
        { code: "WARN_REISSUE_UNREAD_BODY", message: expect.stringContaining(origin) },
      ]);
      expect(told[0]?.message).toMatch(/^3 calls to .* wait for a connection, and 2 of its/);
    });

    test("lead to no warning if they are read, however slowly", async () => {
      const { origin } = await opened({ respond: { body: big } });
      const upstream = client({ connections: 1, retry: { totalTimeoutMs: 2500 } });
      const held = await upstream(origin);
      const reader = held.body!.getReader();
      // real time: reads go on beside the sockets
      const slow = setInterval(() => void reader.read(), 100);
      await Promise.allSettled([upstream(origin), upstream(origin)]);
      clearInterval(slow);
      expect(await misuseWarnings()).toEqual([]);
    });
  },
);
