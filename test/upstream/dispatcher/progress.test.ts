import { PerformanceObserver, type PerformanceEntry } from "node:perf_hooks";
import { Readable } from "node:stream";

import type { Dispatcher } from "undici";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { certificate } from "../../support/upstream/servers/certificate.ts";
import { h2Server, ok } from "../../support/upstream/servers/h2-server.ts";
import { Heard } from "../../support/upstream/handler-log.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";

const styles = ["newer", "older"] as const;
const hooks = ["onBodySent", "onRequestSent", "onResponseStarted"] as const;
const whole = ["start", "sent abc", "sent all", "first byte", "head 200", "data", "end"];

/** A handler that also hears of the request's progress; it throws in one of the hooks. */
function progressing(
  heard: Heard,
  style: "newer" | "older",
  throwing?: (typeof hooks)[number],
): Dispatcher.DispatchHandler {
  const hear = (name: string, hook: (typeof hooks)[number]): void => {
    heard.names.push(name);
    if (hook === throwing) throw new Error(`thrown in ${hook}`);
  };
  return {
    ...heard[style],
    onBodySent: (chunk: unknown) => hear(`sent ${String(chunk)}`, "onBodySent"),
    onRequestSent: () => hear("sent all", "onRequestSent"),
    onResponseStarted: () => hear("first byte", "onResponseStarted"),
  } as Dispatcher.DispatchHandler;
}

describe.each(styles)("handlers of the %s style", (style) => {
  test.each(["abc", Buffer.from("abc"), ["abc"], () => "abc", Readable.from([Buffer.from("abc")])])(
    "get the progress of %o",
    async (body) => {
      const { origin } = await opened();
      const heard = new Heard();
      const options = { origin, path: "/", method: "POST", body } as Dispatcher.DispatchOptions;
      outbound().dispatcher.dispatch(options, progressing(heard, style));
      await heard.over;
      expect(heard.names).toEqual(whole);
    },
  );

  test.each([65_536, 0])(
    "get the progress of each attempt, held or not (holdBytes: %i)",
    async (holdBytes) => {
      const server = await opened();
      const agent = outbound({ holdBytes, retry: { backOff: { baseMs: 0 } } }).dispatcher;
      server.script([{ fault: "status", status: 503 }]);
      const heard = new Heard();
      const options = { origin: server.origin, path: "/", method: "PUT", body: "abc" } as const;
      agent.dispatch(options, progressing(heard, style));
      await heard.over;
      expect(heard.names).toEqual(["start", ...whole.slice(1, 4), ...whole.slice(1)]);
    },
  );

  test("get progress over HTTP/2", async () => {
    const { origin } = await h2Server(certificate(), ok);
    const agent = outbound({ allowH2: true, tls: { rejectUnauthorized: false } }).dispatcher;
    const heard = new Heard();
    const options = { origin, path: "/", method: "POST", body: "abc" } as const;
    agent.dispatch(options, progressing(heard, style));
    await heard.over;
    expect(heard.names).toEqual(whole);
  });

  test.each(hooks)("get one error if they throw in %s, and nothing is resent", async (throwing) => {
    const server = await opened();
    const agent = outbound().dispatcher;
    const heard = new Heard();
    const options = { origin: server.origin, path: "/", method: "PUT", body: "abc" } as const;
    agent.dispatch(options, progressing(heard, style, throwing));
    await heard.over;
    expect(heard.names.at(-1)).toBe(`thrown in ${throwing}`);
    expect(heard.names).not.toContain("head 200");
    await agent.close();
    expect(server.connections).toBe(1);
  });
});

test.each(["onBodySent", "onRequestSent", "onResponseStarted"])(
  "the dispatcher may be destroyed in %s",
  async (hook) => {
    const server = await opened();
    const agent = outbound().dispatcher;
    const heard = new Heard();
    const destroy = (): void => void agent.destroy(new Error("over"));
    const handler = { ...heard.newer, [hook]: destroy };
    agent.dispatch({ origin: server.origin, path: "/", method: "PUT", body: "abc" }, handler);
    await heard.over;
    expect(heard.names).toEqual(["start", "over"]);
    await server.until(({ open }) => open === 0);
  },
);

test("fetch can report when the response began", async () => {
  const { origin } = await opened();
  const entry = new Promise<PerformanceEntry>((resolve) => {
    const observer = new PerformanceObserver((list) => {
      for (const each of list.getEntries()) if (each.name === `${origin}/timed`) resolve(each);
    });
    observer.observe({ type: "resource" });
  });
  await (await outbound()(`${origin}/timed`)).text();
  // Node's types leave it out.
  const { responseStart, startTime } = (await entry) as PerformanceEntry & {
    readonly responseStart: number;
  };
  expect(responseStart).toBeGreaterThanOrEqual(startTime);
  expect(responseStart).toBeGreaterThan(0);
});
