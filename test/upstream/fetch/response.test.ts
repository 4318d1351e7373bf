import { gzipSync } from "node:zlib";

import Koa from "koa";
import { Response as UndiciResponse } from "undici";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { client } from "../../support/upstream/client.ts";
import { rawServer } from "../../support/upstream/servers/raw-server.ts";
import { listening } from "../../support/listen.ts";

describe("a response of upstream()", () => {
  test("is a Response of the platform, by every test", async () => {
    const server = await opened({ respond: { headers: { "x-own": "1" }, body: "whole" } });
    const response = await client()(`${server.origin}/a?b#c`);
    expect(response).toBeInstanceOf(Response);
    expect(response.headers).toBeInstanceOf(Headers);
    expect(response.body).toBeInstanceOf(ReadableStream);
    expect(response.constructor).toBe(Response);
    expect(Object.prototype.toString.call(response)).toBe("[object Response]");
    expect([response.url, response.type, response.redirected, response.ok]).toEqual([
      `${server.origin}/a?b`,
      "basic",
      false,
      true,
    ]);
    expect(() => response.headers.set("x-own", "2")).toThrow(TypeError);
    expect(await response.text()).toBe("whole");
    expect(response.bodyUsed).toBe(true);
  });

  test("has clones with the same properties, each with the complete body", async () => {
    const server = await opened({ respond: { body: "whole" } });
    const response = await client()(server.origin);
    const clone = response.clone();
    const second = clone.clone();
    for (const each of [clone, second]) {
      expect(each).toBeInstanceOf(Response);
      expect([each.url, each.type]).toEqual([response.url, "basic"]);
      expect(() => each.headers.delete("a")).toThrow(TypeError);
    }
    expect(await Promise.all([response, clone, second].map((each) => each.text()))).toEqual([
      "whole",
      "whole",
      "whole",
    ]);
    expect(() => response.clone()).toThrow(TypeError);
  });

  test.each([
    ["the platform's", Response],
    ["undici's", UndiciResponse as unknown as typeof Response],
  ])("can be made into another one of %s class", async (_, Class) => {
    const server = await opened({ respond: { status: 404, headers: { "x-own": "1" } } });
    const response = await client()(server.origin);
    const other = new Class(response.body, response);
    expect([other.status, other.headers.get("x-own"), await other.text()]).toEqual([
      404,
      "1",
      "ok",
    ]);
  });

  test.each([600, 999])("with status %i is given as it came", async (status) => {
    const server = await rawServer((socket) => {
      socket.end(`HTTP/1.1 ${status} Odd\r\ncontent-length: 3\r\n\r\nodd`);
    });
    const response = await client()(server.origin);
    expect([response.status, response.statusText, response.ok]).toEqual([status, "Odd", false]);
    expect(await response.text()).toBe("odd");
  });

  test("gives up its connection if its body is not read further", async () => {
    const server = await opened({
      faults: [{ fault: "slow", from: "body", everyMs: 5, chunkBytes: 1 }],
      respond: { body: "x".repeat(1000) },
    });
    const upstream = client({ holdBytes: 0 });
    await (await upstream(server.origin)).body?.cancel();
    const reader = (await upstream(server.origin)).body?.getReader();
    await reader?.read();
    await reader?.cancel("enough");
    await server.until(({ open }) => open === 0);
    await upstream.close();
  });

  test("is decoded as far as it is read", async () => {
    const text = "coded ".repeat(500_000);
    const server = await opened({
      respond: { headers: { "content-encoding": "gzip" }, body: gzipSync(text) },
    });
    const upstream = client({ holdBytes: 0 });
    const reader = (await upstream(server.origin)).body!.getReader();
    let length = 0;
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      length += value!.length;
    }
    expect(length).toBe(text.length);
    await (await upstream(server.origin)).body?.cancel();
    await upstream.close();
  });

  test("has an entry on the Performance Timeline", async () => {
    const server = await opened({ respond: { body: "whole" } });
    const url = `${server.origin}/timed`;
    // Other tests of the process may have filled the buffer.
    performance.clearResourceTimings();
    await (await client()(url)).text();
    const [entry] = performance.getEntriesByName(url) as unknown as Record<string, number>[];
    expect(entry).toMatchObject({ entryType: "resource", initiatorType: "fetch" });
    expect(entry).toMatchObject({ encodedBodySize: 5, decodedBodySize: 5 });
    expect(entry!["responseStart"]).toBeGreaterThan(0);
    expect(entry!["responseEnd"]).toBeGreaterThanOrEqual(entry!["responseStart"]!);
  });

  test("is forwarded by Koa 3 as a body", async () => {
    const server = await opened({ respond: { body: "the order" } });
    const upstream = client();
    const app = new Koa();
    app.use(async (ctx) => {
      ctx.body = await upstream(server.origin);
    });
    const service = await listening(app.callback());
    expect(await (await fetch(service)).text()).toBe("the order");
  });
});
