import { Readable } from "node:stream";

import type { Dispatcher } from "undici";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { got } from "../../support/upstream/requests.ts";
import { Heard } from "../../support/upstream/handler-log.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";

type Style = "newer" | "older";
type Part = readonly [style: Style, method: string, value: unknown];

const needed: readonly Part[] = [
  ["older", "onConnect", undefined],
  ["older", "onHeaders", undefined],
  ["older", "onData", undefined],
  ["older", "onComplete", undefined],
  ["older", "onHeaders", "text"],
  ["older", "onBodySent", true],
  ["older", "onRequestSent", {}],
  ["older", "onResponseStarted", 1],
  ["newer", "onResponseStart", "text"],
  ["newer", "onResponseData", []],
  ["newer", "onResponseEnd", true],
  ["newer", "onBodySent", 5],
];
const untold: readonly Part[] = [
  ["older", "onError", undefined],
  ["older", "onError", "text"],
  ["newer", "onResponseError", undefined],
  ["newer", "onResponseError", {}],
];

/** A complete handler, but for one method. */
function incomplete(heard: Heard, [style, method, value]: Part): Dispatcher.DispatchHandler {
  return { ...heard[style], [method]: value };
}

describe("an incomplete handler", () => {
  test.each(needed)(
    "is refused before anything is sent, in the %s style without %s",
    async (style, method, value) => {
      const server = await opened();
      const upstream = outbound();
      const heard = new Heard();
      const options = { origin: server.origin, path: "/", method: "GET" } as const;
      upstream.dispatcher.dispatch(options, incomplete(heard, [style, method, value]));
      expect(heard.names).toEqual([`invalid ${method} method`]);
      expect(await got(upstream, server.origin)).toBe("ok");
      expect(server.stats().heads).toBe(1);
      await upstream.close();
    },
  );

  test.each(untold)(
    "is refused without the method that reports errors: %s, %s",
    async (style, method, value) => {
      const server = await opened();
      const upstream = outbound();
      const body = Readable.from(["a"]);
      const options = { origin: server.origin, path: "/", method: "PUT", body } as const;
      const dispatch = (): boolean =>
        upstream.dispatcher.dispatch(options, incomplete(new Heard(), [style, method, value]));
      expect(dispatch).toThrow(`invalid ${method} method`);
      expect(await got(upstream, server.origin)).toBe("ok");
      expect(server.stats().heads).toBe(1);
      // Somebody else may still want to send it.
      expect(body.destroyed).toBe(false);
      await upstream.close();
    },
  );

  test.each([null, undefined, 5, "text", {}])(
    "is refused before anything is sent if it is %o",
    async (handler) => {
      const server = await opened();
      const upstream = outbound();
      const options = { origin: server.origin, path: "/", method: "GET" } as const;
      expect(() => upstream.dispatcher.dispatch(options, handler as never)).toThrow(
        /handler must be an object|invalid onConnect method/,
      );
      await upstream.close();
      expect(server.stats().heads).toBe(0);
    },
  );
});

test("dispatch() throws the refusal of a handler without a method for errors", () => {
  const agent = outbound().dispatcher;
  const wrong = { origin: "ftp://127.0.0.1", path: "/", method: "GET" } as const;
  expect(() => agent.dispatch(wrong, { onRequestStart: () => {} })).toThrow("onResponseError");
});

test.each(["onResponseStart", "onResponseData", "onResponseEnd"])(
  "a handler of the newer style may lack %s, as in undici 7",
  async (method) => {
    const server = await opened();
    const upstream = outbound();
    const heard = new Heard();
    const options = { origin: server.origin, path: "/", method: "GET" } as const;
    upstream.dispatcher.dispatch(options, incomplete(heard, ["newer", method, undefined]));
    await upstream.close();
    expect(heard.names).toHaveLength(3);
    expect(server.stats().heads).toBe(1);
  },
);
