import type { Fault } from "@reissue/testing";
import { describe, expect, test } from "vitest";
import { opened, wired } from "./opened.ts";
import { get, post } from "./raw-client.ts";

const closings: readonly [Fault, string, boolean][] = [
  [{ fault: "reset" }, "rst", false],
  [{ fault: "reset", at: "body-end" }, "rst", false],
  [{ fault: "reset", when: "after-processing" }, "rst", true],
  [{ fault: "reset", delayMs: 20 }, "rst", false],
  [{ fault: "end" }, "fin", false],
  [{ fault: "end", at: "body-end" }, "fin", false],
  [{ fault: "end", when: "after-processing" }, "fin", true],
];

describe.each(["fresh", "reused"] as const)("a fault on a %s connection", (on) => {
  test.each(closings)(
    "ends the connection as specified: %j, %s, processed: %s",
    async (fault, ending, processed) => {
      const upstream = await opened({ faults: [{ ...fault, on, methods: ["POST"] }] });
      const wire = await wired(upstream);
      if (on === "reused") await wire.served();
      wire.send(post("victim"));
      expect(await wire.closed()).toBe(ending);
      expect(wire.text).toBe("");
      expect(upstream.effects.get("victim") ?? 0).toBe(processed ? 1 : 0);
      const entry = upstream.requests.at(-1);
      expect(entry).toMatchObject({ id: "victim", fault: fault.fault, processed });
      const wholeByThen = processed || ("at" in fault && fault.at === "body-end");
      expect(entry?.whole).toBe(wholeByThen);
    },
  );
});

test("a rule for reused connections spares fresh ones, and vice versa", async () => {
  const upstream = await opened({ faults: [{ fault: "reset", on: "reused" }] });
  const one = await wired(upstream);
  await one.served();
  one.send(get("second"));
  expect(await one.closed()).toBe("rst");
  upstream.setFaults([{ fault: "end", on: "fresh", methods: ["GET"] }]);
  const other = await wired(upstream);
  await other.served(post("first"));
  await other.served(get("not fresh"));
  const third = await wired(upstream);
  third.send(get("fresh"));
  expect(await third.closed()).toBe("fin");
});

describe("a response", () => {
  test.each(["rst", "fin"] as const)("is cut in its head, by %s", async (closing) => {
    const upstream = await opened();
    const wire = await wired(upstream);
    upstream.script([{ fault: "cut-headers", with: closing }]);
    wire.send(post("victim"));
    expect(await wire.closed()).toBe(closing);
    expect(wire.text).toMatch(/^HTTP\/1\.1 200/);
    expect(wire.text).not.toContain("\r\n\r\n");
    expect(upstream.effects.get("victim")).toBe(1);
  });

  test.each(["rst", "fin"] as const)(
    "is cut in a body of declared length, by %s",
    async (closing) => {
      const upstream = await opened({ respond: { body: "0123456789" } });
      const wire = await wired(upstream);
      upstream.script([{ fault: "cut-body", with: closing }]);
      wire.send(post("victim"));
      expect(await wire.closed()).toBe(closing);
      expect(wire.text).toMatch(/Content-Length: 10\r\n\r\n01234$/);
      expect(upstream.effects.get("victim")).toBe(1);
    },
  );

  test.each(["rst", "fin"] as const)("is cut in a chunked body, by %s", async (closing) => {
    const upstream = await opened({ respond: { body: "0123456789" } });
    const wire = await wired(upstream);
    upstream.script([{ fault: "cut-chunked", with: closing }]);
    wire.send(post("victim"));
    expect(await wire.closed()).toBe(closing);
    expect(wire.text).toMatch(/Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n$/);
  });

  test("is cut after the given number of bytes, and never complete", async () => {
    const upstream = await opened({ respond: { body: "0123456789" } });
    for (const [afterBytes, sent] of [
      [0, ""],
      [3, "012"],
      [99, "012345678"],
    ] as const) {
      const wire = await wired(upstream);
      upstream.script([{ fault: "cut-body", afterBytes, with: "fin" }]);
      wire.send(get("victim"));
      await wire.closed();
      expect(wire.text.split("\r\n\r\n")[1]).toBe(sent);
    }
  });

  test("is cut in its head for HEAD, since it has no body", async () => {
    const upstream = await opened();
    const wire = await wired(upstream);
    upstream.script([{ fault: "cut-body" }]);
    wire.send(get("victim").replace("GET", "HEAD"));
    expect(await wire.closed()).toBe("rst");
    expect(wire.text).not.toContain("\r\n\r\n");
  });
});

test.each([false, true])(
  "hang sends no response and leaves the connection open; processed: %s",
  async (processed) => {
    const when = processed ? "after-processing" : "before-processing";
    const upstream = await opened({ faults: [{ fault: "hang", when }] });
    const wire = await wired(upstream);
    wire.send(post("victim"));
    await upstream.until(({ heads }) => heads === 1);
    await expect(wire.until((_, ending) => ending !== "open", 80)).rejects.toThrow(
      "timed out: open",
    );
    expect(upstream.processedCount).toBe(processed ? 1 : 0);
    wire.destroy();
    await upstream.until(({ open }) => open === 0);
  },
);

test("status sends a 503 with Retry-After a number of times, then serves, and the connection stays open", async () => {
  const upstream = await opened({ faults: [{ fault: "status", retryAfter: 2, times: 3 }] });
  const wire = await wired(upstream);
  for (let answer = 1; answer <= 3; answer++) {
    wire.text = "";
    wire.send(post("same"));
    await wire.until((text) => text.endsWith("\r\n\r\n503"));
    expect(wire.text).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\nRetry-After: 2\r\n/);
  }
  wire.text = "";
  await wire.served(post("same"));
  expect(upstream.stats()).toMatchObject({ received: 4, processed: 1, faults: { status: 3 } });
});

test("status after processing commits the side effect, and still responds with a 503", async () => {
  const upstream = await opened();
  const wire = await wired(upstream);
  upstream.script([{ fault: "status", status: 500, when: "after-processing", body: "" }]);
  wire.send(post("victim"));
  await wire.until((text) => text.includes("Content-Length: 0"));
  expect(upstream.effects.get("victim")).toBe(1);
});

test("garbage is not HTTP", async () => {
  const upstream = await opened({ faults: [{ fault: "garbage" }] });
  const wire = await wired(upstream);
  wire.send(get("victim"));
  expect(await wire.closed()).toBe("fin");
  expect(wire.text).not.toMatch(/^HTTP/);
  expect(upstream.processedCount).toBe(0);
});

test("slow sends slowly from the head or from the body on, and completes in the end", async () => {
  const upstream = await opened({ respond: { body: "0123456789" } });
  const wire = await wired(upstream);
  upstream.script([
    { fault: "slow", chunkBytes: 10, everyMs: 5 },
    { fault: "slow", chunkBytes: 5, everyMs: 40, from: "body" },
  ]);
  wire.send(get("one"));
  await wire.until((text) => text.length > 0);
  expect(wire.text).not.toContain("\r\n\r\n");
  await wire.until((text) => text.endsWith("\r\n\r\n0123456789"));
  wire.text = "";
  wire.send(get("two"));
  await wire.until((text) => text.includes("\r\n\r\n0"));
  expect(wire.text).toMatch(/\r\n\r\n01234$/);
  await wire.until((text) => text.endsWith("\r\n\r\n0123456789"));
});

test.each(["rst", "fin"] as const)(
  "answer-then-close sends a whole response and then closes by %s without notice",
  async (closing) => {
    const upstream = await opened();
    const wire = await wired(upstream);
    upstream.script([{ fault: "answer-then-close", with: closing, delayMs: 100 }]);
    wire.send(post("victim"));
    await wire.until((text) => text.endsWith("\r\n\r\nok"));
    expect(wire.text).not.toContain("close");
    expect(wire.ending).toBe("open");
    expect(await wire.closed()).toBe(closing);
    expect(upstream.effects.get("victim")).toBe(1);
  },
);

test("kill-idle serves this request, and resets every other idle connection that was used", async () => {
  const upstream = await opened();
  const idle = await Promise.all([wired(upstream), wired(upstream)]);
  for (const wire of idle) await wire.served();
  const [unused, striking] = await Promise.all([wired(upstream), wired(upstream)]);
  upstream.script([{ fault: "kill-idle" }]);
  await striking.served(post("striker"));
  expect(await Promise.all(idle.map((wire) => wire.closed()))).toEqual(["rst", "rst"]);
  expect([unused.ending, striking.ending]).toEqual(["open", "open"]);
  expect(upstream.effects.get("striker")).toBe(1);
});

test("a reset is possible during a big upload", async () => {
  const upstream = await opened();
  const wire = await wired(upstream);
  upstream.script([{ fault: "reset", at: "head" }]);
  wire.send(`PUT / HTTP/1.1\r\nHost: test\r\nContent-Length: ${64 << 20}\r\n\r\n`);
  wire.send(Buffer.alloc(1 << 20));
  expect(await wire.closed()).toBe("rst");
  expect(upstream.requests[0]).toMatchObject({ whole: false, processed: false, fault: "reset" });
});

test("the log says on which connection each request came, and as which request of it", async () => {
  const upstream = await opened();
  const one = await wired(upstream);
  await one.served(get("a"));
  await one.served(post("b", "xyz"));
  const other = await wired(upstream);
  await other.served(get("c", "/path?query=1"));
  expect(upstream.requests.map(({ id, connection, nth }) => [id, connection, nth])).toEqual([
    ["a", 1, 1],
    ["b", 1, 2],
    ["c", 2, 1],
  ]);
  expect(upstream.requests[1]).toMatchObject({ method: "POST", bodyBytes: 3, whole: true });
  expect(upstream.requests[1]?.body?.toString()).toBe("xyz");
  expect(upstream.requests[2]).toMatchObject({
    path: "/path?query=1",
    headers: [
      ["Host", "test"],
      ["X-Request-Id", "c"],
    ],
  });
});
