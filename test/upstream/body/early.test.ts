import { once } from "node:events";
import { PassThrough } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { manualClock } from "@reissue/testing";
import { expect, test, vi } from "vitest";

import { opened } from "../../testing/opened.ts";
import { letters, sha256 } from "../../support/upstream/body-kinds.ts";
import { client, impatient } from "../../support/upstream/client.ts";
import { onHead, rawServer } from "../../support/upstream/servers/raw-server.ts";

const busy = "HTTP/1.1 503 Busy\r\nRetry-After: 5\r\nContent-Length: 4\r\n\r\n";
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const lastChunk = "\r\n0\r\n\r\n";

test("a response before the body's end leaves no short body that looks complete", async () => {
  const clock = manualClock();
  // The first answer is slow to end, so that its connection lives on while the next attempt begins.
  const server = await rawServer((socket, number) => {
    if (number === 1) onHead(socket, () => socket.write(busy));
    else socket.on("data", (data) => data.includes("0\r\n\r\n") && socket.write(ok));
  });
  const upstream = client({ clock });
  const body = new PassThrough();
  body.write("first;");
  const answer = upstream.request(server.origin, { method: "PUT", body });
  await vi.waitFor(() => expect(clock.nextMs).toBe(5000), { interval: 2 });
  await clock.advance(5000);
  await server.until(({ connections }) => connections === 2);
  body.end("second");
  expect(await (await answer).body.text()).toBe("ok");
  expect(server.received[1]).toContain("\r\n6\r\nfirst;\r\n6\r\nsecond\r\n0\r\n\r\n");
  // Aborting it and sending it to its end are both fine.
  const cut = !server.received[0]!.includes("second");
  if (cut) expect(server.received[0]).not.toContain(lastChunk);
});

test("the stream of a factory is not ended early either when the next one is made", async () => {
  const clock = manualClock();
  const server = await rawServer((socket, number) => {
    if (number === 1) onHead(socket, () => socket.write(busy));
    else socket.on("data", (data) => data.includes("0\r\n\r\n") && socket.write(ok));
  });
  const upstream = client({ clock });
  const bodies: PassThrough[] = [];
  const answer = upstream.request(server.origin, {
    method: "PUT",
    body: () => {
      const body = new PassThrough();
      body.write("first;");
      bodies.push(body);
      return body;
    },
  });
  await vi.waitFor(() => expect(clock.nextMs).toBe(5000), { interval: 2 });
  await clock.advance(5000);
  await server.until(({ connections }) => connections === 2);
  bodies[1]?.end("second");
  expect(await (await answer).body.text()).toBe("ok");
  expect(server.received[0]).not.toContain(lastChunk);
  expect(bodies[0]?.destroyed).toBe(true);
});

test("a body that exceeds the limit during the back-off is refused, and never sent short", async () => {
  const clock = manualClock();
  // Answers before the body's end, and reads on.
  const server = await rawServer((socket, number) => {
    if (number === 1) onHead(socket, () => socket.write(busy));
    else socket.on("data", (data) => data.includes("0\r\n\r\n") && socket.write(ok));
  });
  const upstream = client({ clock, bodies: { maxBytes: 10 } });
  const body = new PassThrough();
  body.write("first;");
  const answer = upstream.request(server.origin, { method: "PUT", body }).then(
    ({ statusCode }) => statusCode,
    (error: unknown) => error,
  );
  await vi.waitFor(() => expect(clock.nextMs).toBe(5000), { interval: 2 });
  body.write("second;");
  await setImmediate();
  await setImmediate();
  body.end("third");
  await clock.advance(5000);
  const outcome = await answer;
  // Either all of it was sent once more, or the caller was told why not.
  if (outcome === 200) expect(server.received[1]).toMatch(/first;[^]*second;[^]*third/);
  else expect(outcome).toMatchObject({ reason: "body-not-replayable" });
});

test("a death with less than the limit read does not send the rest as a body of its own", async () => {
  const clock = manualClock();
  const server = await opened({ faults: [{ fault: "reset", times: 1 }] });
  const upstream = client({ clock, bodies: { maxBytes: 100_000 } });
  const source = new PassThrough();
  const content = letters(150_000);
  source.write(content.subarray(0, 90_000));
  const answer = upstream.request(server.origin, { method: "PUT", body: source }).then(
    ({ statusCode }) => statusCode,
    (error: unknown) => error,
  );
  await vi.waitFor(() => expect(clock.nextMs).toBeLessThan(50), { interval: 2 });
  // The first attempt's reader still waits for this one.
  source.write(content.subarray(90_000, 120_000));
  await setImmediate();
  source.end(content.subarray(120_000));
  await clock.advance(50);
  const outcome = await answer;
  const processed = server.requests.filter((request) => request.processed);
  if (outcome === 200) expect(processed).toMatchObject([{ bodySha256: sha256(content) }]);
  else expect(outcome).toMatchObject({ reason: "body-not-replayable" });
  if (outcome !== 200) expect(processed).toEqual([]);
});

test.each(["POST", "PUT"])(
  "a 413 before the body is read reaches %s, and the source ends",
  async (method) => {
    const server = await rawServer((socket) => {
      onHead(socket, () => socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"));
    });
    const upstream = impatient();
    const body = new PassThrough();
    body.write("first;");
    const { statusCode, body: answer } = await upstream.request(server.origin, { method, body });
    expect(statusCode).toBe(413);
    expect(await answer.text()).toBe("big");
    if (!body.destroyed) await once(body, "close");
    // Half a request stands on that connection, so it must never carry another.
    await server.until(({ open }) => open.size === 0);
    const next = await upstream.request(server.origin, { method: "PUT", body: "small" });
    expect(await next.body.text()).toBe("big");
    expect(server.connections).toBe(2);
    expect(server.received[0]).not.toContain(lastChunk);
  },
);
