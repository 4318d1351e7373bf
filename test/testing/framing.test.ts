import { describe, expect, test } from "vitest";
import { opened, wired } from "./opened.ts";
import { get, post } from "./raw-client.ts";

const chunkedPost =
  "POST /c HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n" +
  "5;note=x\r\nhello\r\n7\r\n, world\r\n0\r\nTrailer: 1\r\n\r\n";

test.each([1, 2, 3, 7, 50])(
  "requests cut into pieces of %i bytes are read as they were sent",
  async (size) => {
    const upstream = await opened();
    const wire = await wired(upstream);
    const bytes = Buffer.from(`\r\n${get("a")}${post("b", "xyz")}${chunkedPost}${get("d")}`);
    for (let at = 0; at < bytes.length; at += size) {
      wire.send(bytes.subarray(at, at + size));
      // Each piece in a packet of its own, as far as the kernel lets us.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await upstream.until(({ processed }) => processed === 4);
    expect(upstream.requests.map(({ path, body }) => [path, body?.toString()])).toEqual([
      ["/", ""],
      ["/", "xyz"],
      ["/c", "hello, world"],
      ["/", ""],
    ]);
  },
);

test("pipelined requests get responses in order, one after the other", async () => {
  let running = 0;
  const upstream = await opened({
    respond: async ({ id }) => {
      if (++running > 1) throw new Error("two at once");
      // real time: requests that are read too early would overlap
      await new Promise((resolve) => setTimeout(resolve, 2));
      running--;
      return { body: `<${id}>` };
    },
  });
  const wire = await wired(upstream);
  wire.send(Array.from({ length: 10 }, (_, index) => post(String(index))).join(""));
  await wire.until((text) => text.includes("<9>"));
  expect(wire.text.match(/<\d>/g)?.join("")).toBe("<0><1><2><3><4><5><6><7><8><9>");
});

test("thousands of pipelined requests do not exhaust the stack, and do not stop behind a slow response", async () => {
  const upstream = await opened();
  const wire = await wired(upstream);
  upstream.script([{ fault: "slow", chunkBytes: 40, everyMs: 5 }]);
  wire.send(get("x").repeat(5_000));
  await upstream.until(({ processed }) => processed === 5_000, 10_000);
  expect(upstream.effects.get("x")).toBe(5_000);
});

describe("the end of a connection", () => {
  const close = /\r\nConnection: close\r\n/;

  test("follows a request of the client", async () => {
    const upstream = await opened({ keepAliveHint: "timeout=5" });
    const wire = await wired(upstream);
    wire.send(get("a").replace("Host", "Connection: close\r\nHost") + get("b"));
    expect(await wire.closed()).toBe("fin");
    expect(wire.text).toMatch(close);
    expect(wire.text).not.toContain("Keep-Alive");
    expect(upstream.processedCount).toBe(1);
  });

  test("is implied by HTTP/1.0, unless the client asks for keep-alive", async () => {
    const upstream = await opened();
    const wire = await wired(upstream);
    wire.send(get("a").replace("HTTP/1.1", "HTTP/1.0\r\nConnection: keep-alive"));
    wire.send(get("b").replace("HTTP/1.1", "HTTP/1.0"));
    expect(await wire.closed()).toBe("fin");
    expect(upstream.processedCount).toBe(2);
  });

  test("follows a response that announces it", async () => {
    const upstream = await opened({ respond: { headers: { Connection: "close" } } });
    const wire = await wired(upstream);
    wire.send(get("a") + get("b"));
    expect(await wire.closed()).toBe("fin");
    expect(wire.text).toMatch(close);
    expect(upstream.processedCount).toBe(1);
  });

  test("does not take responses from a client that half-closes", async () => {
    const upstream = await opened({ respond: { delayMs: 10 } });
    const wire = await wired(upstream);
    wire.socket.end(get("a") + get("b"));
    expect(await wire.closed()).toBe("fin");
    expect(wire.text.match(/ok/g)).toHaveLength(2);
    await upstream.until(({ open }) => open === 0);
  });
});

test("a response to HEAD, a 204 and a 304 have no body", async () => {
  const upstream = await opened();
  const wire = await wired(upstream);
  wire.send(get("a").replace("GET", "HEAD"));
  await wire.until((text) => text.endsWith("Content-Length: 2\r\n\r\n"));
  for (const status of [204, 304]) {
    wire.text = "";
    upstream.setRespond({ status });
    wire.send(get("b"));
    await wire.until((text) => text.endsWith("\r\n\r\n"));
    expect(wire.text).not.toContain("Content-Length");
  }
  upstream.setRespond({});
  wire.text = "";
  await wire.served();
});

test("100 Continue is sent if the client waits for it", async () => {
  const upstream = await opened();
  const wire = await wired(upstream);
  wire.send("PUT / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  await wire.until((text) => text === "HTTP/1.1 100 Continue\r\n\r\n");
  await wire.served("abc");
});

test("a Keep-Alive hint is sent unchanged, whether true or not", async () => {
  const upstream = await opened({ keepAliveHint: "max=3, timeout=60" });
  const wire = await wired(upstream);
  wire.send(get("a"));
  await wire.until((text) => text.endsWith("ok"));
  expect(wire.text).toMatch(/\r\nConnection: keep-alive\r\nKeep-Alive: max=3, timeout=60\r\n/);
});

test.each([
  ["400", "not http at all\r\n\r\n"],
  ["400", "GET / HTTP/1.1\r\nno colon\r\n\r\n"],
  ["400", "GET / HTTP/1.1\r\n folded: x\r\n\r\n"],
  ["400", "PUT / HTTP/1.1\r\nContent-Length: x\r\n\r\n"],
  ["400", "PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"],
  ["400", "PUT / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["501", "PUT / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"],
  ["400", "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"],
  ["400", "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"],
  ["431", `GET / HTTP/1.1\r\nX: ${"x".repeat(70_000)}`],
])("the status is %s for %j", async (status, bytes) => {
  const upstream = await opened();
  const wire = await wired(upstream);
  wire.send(bytes);
  await wire.closed();
  expect(wire.text.slice(9, 12)).toBe(status);
  expect(upstream.processedCount).toBe(0);
});
