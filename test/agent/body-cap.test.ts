import { createServer } from "node:net";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { systemClock } from "@reissue/core";
import { expect, test } from "vitest";

import { opened } from "../testing/opened.ts";
import { agentWith } from "../support/agent/agents.ts";
import { begin, call, failure, replyTo } from "../support/agent/call.ts";

const kib = 1024;

test.each([
  ["a string", "x".repeat(1025 * kib)],
  ["bytes", Buffer.alloc(1025 * kib)],
])(
  "a body of %s beyond the cap is not sent again, and is never sent short",
  async (_name, body) => {
    const upstream = await opened();
    const agent = agentWith();
    await call(upstream.origin, { agent });
    upstream.script([{ fault: "reset", when: "after-processing" }]);
    const error = await failure(call(upstream.origin, { agent, method: "PUT", body }));
    expect(error.reissue).toMatchObject({ reason: "body-not-replayable", resends: 0 });
    expect(upstream.requests).toHaveLength(2);
    expect(upstream.requests[1]!.bodyBytes).toBe(body.length);
  },
);

test("a body up to the cap is sent again, whatever pieces it was written in", async () => {
  const upstream = await opened();
  const agent = agentWith();
  await call(upstream.origin, { agent });
  upstream.script([{ fault: "reset", when: "after-processing" }]);
  const request = begin(upstream.origin, { agent, method: "PUT" });
  const hash = createHash("sha256");
  for (const size of [1, 65_535, 65_537, 3, 200_000, 0, 65_536]) {
    const piece = Buffer.alloc(size, size % 251);
    hash.update(piece);
    request.write(piece);
  }
  request.end();
  expect((await replyTo(request)).status).toBe(200);
  const [, first, second] = upstream.requests;
  expect(second!.bodySha256).toBe(hash.digest("hex"));
  expect(first!.bodySha256).toBe(second!.bodySha256);
});

test("the bodies of all requests together stay within the total", async () => {
  const upstream = await opened();
  const agent = agentWith({ bodies: { maxBytesTotal: 150 * kib } });
  await Promise.all([1, 2].map(() => call(upstream.origin, { agent })));
  const die = { fault: "reset", when: "after-processing", delayMs: 20 } as const;
  upstream.script([die, die]);
  const options = { agent, method: "PUT", body: Buffer.alloc(100 * kib) };
  const results = await Promise.allSettled([
    call(upstream.origin, options),
    call(upstream.origin, options),
  ]);
  expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  // What they held is free again.
  await call(upstream.origin, { agent });
  upstream.script([die]);
  expect((await call(upstream.origin, options)).status).toBe(200);
});

test("a request that is aborted with a system error of its client's gives back what it held", async () => {
  const upstream = await opened();
  const agent = agentWith({ bodies: { maxBytesTotal: 150 * kib } });
  const body = Buffer.alloc(100 * kib);
  upstream.script([{ fault: "hang" }]);
  const request = begin(upstream.origin, { agent, method: "PUT" });
  const failed = failure(replyTo(request));
  request.end(body);
  await expect.poll(() => upstream.requests.length).toBe(1);
  // As an error of the file that is uploaded.
  request.destroy(Object.assign(new Error("EIO: i/o error, read"), { code: "EIO", errno: -5 }));
  expect((await failed).code).toBe("EIO");
  await call(upstream.origin, { agent });
  upstream.script([{ fault: "reset", when: "after-processing" }]);
  expect((await call(upstream.origin, { agent, method: "PUT", body })).status).toBe(200);
});

test("a body of any size is sent once its upstream is up", async () => {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  const agent = agentWith({ clock: systemClock, retry: { backOff: { baseMs: 20 } } });
  const body = Buffer.alloc(5000 * kib, "x");
  const called = call(`http://127.0.0.1:${port}`, { agent, method: "POST", body });
  // real time: a refused connect has to come back before there is a server.
  await new Promise((resolve) => setTimeout(resolve, 30));
  const upstream = await opened({ port });
  expect((await called).status).toBe(200);
  expect(upstream.requests.map(({ bodyBytes }) => bodyBytes)).toEqual([body.length]);
});
