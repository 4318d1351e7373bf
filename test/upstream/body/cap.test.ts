import { PassThrough, Readable } from "node:stream";
import { headerValue, type Fault } from "@reissue/testing";
import { UpstreamError } from "@reissue/upstream";
import { expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { bodyKinds, letters, sha256 } from "../../support/upstream/body-kinds.ts";
import { client, impatient } from "../../support/upstream/client.ts";

test("all streams together hold no more than the total limit, and free it", async () => {
  const server = await opened();
  const upstream = impatient({ bodies: { maxBytes: 100_000, maxBytesTotal: 250_000 } });
  const content = letters(100_000);
  for (let round = 0; round < 3; round += 1) {
    server.clear();
    const death: Fault = { fault: "reset", at: "body-end" };
    server.script([death, death, death]);
    const bodies = Array.from({ length: 3 }, () => new PassThrough());
    const outcomes = bodies.map((body) =>
      upstream.request(server.origin, { method: "PUT", body }).then(
        async (answer) => (await answer.body.dump(), answer.statusCode),
        (error: unknown) => (error instanceof UpstreamError ? error.reason : error),
      ),
    );
    // Together more than the total, before any of them is whole.
    for (const body of bodies) body.write(content.subarray(0, 90_000));
    await server.until(() => server.requests.every(({ bodyBytes }) => bodyBytes === 90_000));
    for (const body of bodies) body.end(content.subarray(90_000));
    const told = (await Promise.all(outcomes)).toSorted((one, other) =>
      String(one).localeCompare(String(other)),
    );
    expect(told).toEqual([200, 200, "body-not-replayable"]);
    const processed = server.requests.filter((request) => request.processed);
    expect(processed).toHaveLength(2);
    for (const { bodySha256 } of processed) expect(bodySha256).toBe(sha256(content));
  }
});

test.each([
  ["the cap of one request", { maxBytes: 0 }],
  ["the cap of all", { maxBytesTotal: 0 }],
])("a stream without %s is still sent, once", async (_name, bodies) => {
  const server = await opened({ faults: [{ fault: "reset", at: "body-end", times: 1 }] });
  const upstream = impatient({ bodies });
  const put = (): Promise<unknown> =>
    upstream.request(server.origin, { method: "PUT", body: Readable.from(["ab", "cd"]) });
  await expect(put()).rejects.toMatchObject({ reason: "body-not-replayable" });
  await expect(put()).resolves.toMatchObject({ statusCode: 200 });
  expect(server.requests.map(({ body }) => body?.toString())).toEqual(["abcd", "abcd"]);
});

test("chunks of a slow source after the first death are in the second body, once and in order", async () => {
  const server = await opened();
  const upstream = impatient();
  for (const death of [{ fault: "reset" }, { fault: "end", delayMs: 5 }] satisfies Fault[]) {
    await (await upstream(server.origin)).text();
    server.clear();
    server.script([death]);
    const body = new PassThrough();
    body.write("a;");
    const sent = upstream.request(server.origin, { method: "PUT", body });
    await server.until(() => server.requests.length === 2);
    for (const piece of ["b;", "c;", "d"]) {
      body.write(piece);
      // real time: the pieces must be sent one by one
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    body.end();
    expect((await sent).statusCode).toBe(200);
    expect(server.requests[1]?.body?.toString()).toBe("a;b;c;d");
  }
});

test.each(bodyKinds)("a plain POST of a $name is processed once, however it ends", async (kind) => {
  const server = await opened();
  const upstream = impatient();
  const faults: Fault[] = [
    { fault: "reset", when: "after-processing" },
    { fault: "end", when: "after-processing" },
    { fault: "cut-headers" },
    { fault: "cut-body" },
    { fault: "status", when: "after-processing", retryAfter: 0 },
  ];
  for (const fault of faults) {
    for (const body of [kind.make(letters(1000)), () => kind.make(letters(1000))]) {
      await (await upstream(server.origin)).text();
      server.clear();
      server.script([fault]);
      const options = { method: "POST", body: body as string };
      await Promise.allSettled([
        upstream.request(server.origin, options).then(({ body }) => body.text()),
      ]);
      expect(server.requests, JSON.stringify(fault)).toHaveLength(1);
      expect(server.processedCount).toBe(1);
    }
  }
});

test("an unsent plain POST is resent completely, whatever its body is", async () => {
  const server = await opened();
  await server.refuse();
  const upstream = client();
  const sent = bodyKinds.map(async (kind) => {
    const headers = { "x-request-id": kind.name };
    const body = kind.make(letters(1000)) as string;
    const answer = await upstream.request(server.origin, { method: "POST", headers, body });
    await answer.body.dump();
  });
  // real time: the calls must have met the refusal
  await new Promise((resolve) => setTimeout(resolve, 20));
  await server.accept();
  await Promise.all(sent);
  expect([...server.effects.keys()].toSorted()).toEqual(
    bodyKinds.map(({ name }) => name).toSorted(),
  );
  expect(server.duplicates()).toEqual([]);
  for (const { bodyBytes, headers } of server.requests) {
    expect(bodyBytes, headerValue(headers, "x-request-id") ?? "").toBeGreaterThanOrEqual(1000);
  }
});
