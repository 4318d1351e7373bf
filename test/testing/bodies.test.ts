import { createHash, randomBytes } from "node:crypto";
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Readable } from "node:stream";
import { Agent, request } from "undici";
import { describe, expect, onTestFinished, test } from "vitest";
import { opened, wired } from "./opened.ts";
import { get } from "./raw-client.ts";

const sizes = [0, 1, 4_096, 4_097, 65_536, (1 << 20) + 1];

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 10_007) yield bytes.subarray(at, at + 10_007);
}

describe.each(sizes)("a body of %i bytes", (size) => {
  const bytes = randomBytes(size);
  const expected = { bodyBytes: size, bodySha256: sha256(bytes), whole: true };

  test("is received whole with Content-Length", async () => {
    const upstream = await opened();
    const dispatcher = new Agent();
    onTestFinished(() => dispatcher.destroy());
    const answer = await request(upstream.origin, { dispatcher, method: "PUT", body: bytes });
    expect(await answer.body.text()).toBe("ok");
    expect(upstream.requests[0]).toMatchObject(expected);
    expect(upstream.requests[0]?.body).toEqual(size <= 4_096 ? bytes : null);
  });

  test("is received whole when undici sends it chunked", async () => {
    const upstream = await opened();
    const dispatcher = new Agent();
    onTestFinished(() => dispatcher.destroy());
    const body = Readable.from(pieces(bytes));
    const answer = await request(upstream.origin, { dispatcher, method: "PUT", body });
    expect(await answer.body.text()).toBe("ok");
    expect(upstream.requests[0]).toMatchObject(expected);
  });

  test("is received whole when node:http sends it chunked, and the connection is ready for the next request", async () => {
    const upstream = await opened();
    const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    for (let round = 0; round < 2; round++) {
      await new Promise<void>((resolve, reject) => {
        const sent = httpRequest(upstream.origin, { agent, method: "POST" }, (answer) => {
          answer.resume().on("end", resolve);
        });
        sent.on("error", reject);
        Readable.from(pieces(bytes)).pipe(sent);
      });
    }
    expect(upstream.requests).toMatchObject([expected, expected]);
    expect(upstream.connections).toBe(1);
  });

  test("is received whole after it was cut the first time", async () => {
    const upstream = await opened();
    const wire = await wired(upstream);
    wire.send(
      `PUT / HTTP/1.1\r\nHost: test\r\nX-Request-Id: a\r\nContent-Length: ${size + 1}\r\n\r\n`,
    );
    wire.send(bytes);
    await upstream.until(() => upstream.requests[0]?.bodyBytes === size);
    wire.destroy();
    await upstream.until(({ open }) => open === 0);
    expect(upstream.requests[0]).toMatchObject({
      whole: false,
      processed: false,
      bodySha256: null,
    });
    expect(upstream.stats()).toMatchObject({ heads: 1, received: 0, processed: 0 });
  });
});

test("a response of any size and framing arrives whole", async () => {
  for (const size of sizes) {
    const body = randomBytes(size);
    for (const chunked of [false, true]) {
      const upstream = await opened({ respond: { body, chunked } });
      const dispatcher = new Agent();
      onTestFinished(() => dispatcher.destroy());
      const answer = await request(upstream.origin, { dispatcher });
      expect(sha256(Buffer.from(await answer.body.arrayBuffer()))).toBe(sha256(body));
      expect(answer.headers["transfer-encoding"]).toBe(chunked ? "chunked" : undefined);
    }
  }
});

test("the response may be created from the request, at once or later, and an exception leads to a 500", async () => {
  const upstream = await opened({
    respond: async ({ path, body }) => {
      if (path === "/broken") throw new Error("broken test");
      return {
        status: 201,
        headers: { "X-Path": path, "Set-Cookie": ["a=1", "b=2"] },
        body: body ?? "",
      };
    },
  });
  const dispatcher = new Agent();
  onTestFinished(() => dispatcher.destroy());
  const answer = await request(`${upstream.origin}/echo`, {
    dispatcher,
    method: "POST",
    body: "hello",
  });
  expect([answer.statusCode, answer.headers["x-path"]]).toEqual([201, "/echo"]);
  expect(answer.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
  expect(await answer.body.text()).toBe("hello");
  const broken = await request(`${upstream.origin}/broken`, { dispatcher });
  expect(broken.statusCode).toBe(500);
  expect(await broken.body.text()).toContain("broken test");
  upstream.setRespond({ status: 204 });
  expect((await request(upstream.origin, { dispatcher })).statusCode).toBe(204);
});

test("the option delayMs delays the response, and not the side effect", async () => {
  const upstream = await opened({ respond: { delayMs: 60 } });
  const wire = await wired(upstream);
  const sent = performance.now();
  wire.send(get("slow"));
  await upstream.until(({ processed }) => processed === 1);
  expect(wire.text).toBe("");
  await wire.until((text) => text.endsWith("ok"));
  expect(performance.now() - sent).toBeGreaterThan(55);
});
