import { constants } from "node:http2";
import { setImmediate } from "node:timers/promises";

import type { UpstreamError } from "@reissue/upstream";
import { describe, expect, test, vi } from "vitest";

import { got, posted } from "../../support/upstream/requests.ts";
import { certificate } from "../../support/upstream/servers/certificate.ts";
import { eventLog } from "../../support/upstream/event-log.ts";
import { h2Server, ok } from "../../support/upstream/servers/h2-server.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";
import { undiciMajor } from "../../support/upstream/undici-major.ts";
import { tlsServer } from "../../support/upstream/servers/tls-server.ts";

const own = certificate();
const h2 = { allowH2: true, tls: { ca: own.cert } };

test("requests use HTTP/2, one at a time on each connection, and connections are reused", async () => {
  const server = await h2Server(own, ok);
  const upstream = outbound(h2);
  const log = eventLog();
  await Promise.all([got(upstream, server.origin), posted(upstream, server.origin)]);
  expect(server.sessions).toHaveLength(2);
  expect(await (await upstream(server.origin, { method: "PUT", body: "x" })).text()).toBe("ok");
  expect(await got(upstream, server.origin)).toBe("ok");
  expect(server.sessions).toHaveLength(2);
  expect(log.records.map(({ reused }) => reused)).toEqual([false, false, true, true]);
  await upstream.close();
  await vi.waitFor(() => expect(server.open.size).toBe(0));
});

test("a queue for a single connection moves on", async () => {
  const server = await h2Server(own, ok);
  const upstream = outbound({ ...h2, connections: 1 });
  const ask = (index: number): Promise<string> =>
    (index % 2 === 0 ? got : posted)(upstream, server.origin);
  const all = Array.from({ length: 20 }, (_, index) => ask(index));
  expect(new Set(await Promise.all(all))).toEqual(new Set(["ok"]));
  expect(server.sessions).toHaveLength(1);
});

test("a body of a megabyte arrives complete, and so does the response", async () => {
  const server = await h2Server(own, (stream) => {
    stream.respond({ ":status": 200 });
    stream.pipe(stream);
  });
  const upstream = outbound(h2);
  const text = "a".repeat(2 ** 20);
  const { body } = await upstream.request(server.origin, { method: "POST", body: text });
  expect(await body.text()).toBe(text);
});

test("a server without HTTP/2 gets HTTP/1.1", async () => {
  const server = await tlsServer(own, (_request, response) => void response.end("ok"));
  const upstream = outbound(h2);
  expect(await got(upstream, server.origin)).toBe("ok");
  await setImmediate();
  expect(await posted(upstream, server.origin)).toBe("ok");
  expect(server.sockets).toHaveLength(1);
});

describe("a refused stream", () => {
  test.each([got, posted])("was never processed, so that %o sends it again", async (ask) => {
    const server = await h2Server(own, (stream, number) => {
      if (number === 2) stream.close(constants.NGHTTP2_REFUSED_STREAM);
      else ok(stream);
    });
    const upstream = outbound(h2);
    const log = eventLog();
    await ask(upstream, server.origin);
    expect(await ask(upstream, server.origin)).toBe("ok");
    // Undici 8 resends a refused stream itself, once (RFC 9113 §8.7).
    const refusals = undiciMajor === 8 ? [] : [{ kind: "refused-stream", delivery: "unsent" }];
    const failures = log.records
      .map(({ failure }) => failure)
      .filter((failure) => failure !== null);
    expect(failures).toMatchObject(refusals);
    expect(log.decisions.map(({ decision }) => decision.reason)).toEqual(
      refusals.map(() => "unsent"),
    );
    expect(server.heads).toHaveLength(3);
    // Nothing is wrong with the connection on which it was refused.
    expect(log.records.at(-1)?.reused).toBe(true);
    expect(server.sessions).toHaveLength(1);
  });

  test("fails after the window, as unsent, if it is refused repeatedly", async () => {
    const server = await h2Server(own, (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    const upstream = outbound({ ...h2, retry: { unsentWindowMs: 300 } });
    const error = await posted(upstream, server.origin).catch((thrown: UpstreamError) => thrown);
    expect(error).toMatchObject({ delivery: "unsent", reason: "attempts-exhausted" });
    expect(server.heads.length).toBeGreaterThan(1);
  });
});

describe("GOAWAY", () => {
  test("affects no call on an idle connection", async () => {
    const server = await h2Server(own, ok);
    const upstream = outbound(h2);
    const log = eventLog();
    await posted(upstream, server.origin);
    server.sessions[0]?.goaway();
    server.sessions[0]?.close();
    await vi.waitFor(() => expect(server.open.size).toBe(0));
    expect(await posted(upstream, server.origin)).toBe("ok");
    expect(log.decisions).toEqual([]);
  });

  // Undici 7 does not tell the last stream id, so that the safe answer is the careful one (RFC 9113 §6.8).
  // A POST is held back for a turn, in which it may come.
  test.each([
    ["a GET", got, ["ok"], 3],
    ["a POST", posted, ["ok", "not-retry-safe"], 3],
  ] as const)(
    "has the expected outcome if it crosses %s on its way",
    async (_, ask, outcomes, heads) => {
      const server = await h2Server(own, ok);
      const upstream = outbound(h2);
      await ask(upstream, server.origin);
      server.sessions[0]?.goaway();
      server.sessions[0]?.close();
      const told = await ask(upstream, server.origin).catch(({ reason }: UpstreamError) => reason);
      expect(outcomes).toContain(told);
      expect(server.heads.length).toBeLessThan(heads);
    },
  );

  test.each([
    ["a GET", got, "ok"],
    ["a POST", posted, "not-retry-safe"],
  ] as const)(
    "has the expected outcome for %s that may have been processed",
    async (_, ask, outcome) => {
      const server = await h2Server(own, (stream, number) => {
        if (number !== 2) return ok(stream);
        stream.session?.goaway(constants.NGHTTP2_NO_ERROR, 0x7fff_fff0);
        stream.session?.destroy();
      });
      const upstream = outbound(h2);
      await ask(upstream, server.origin);
      const told = await ask(upstream, server.origin).catch(({ reason }: UpstreamError) => reason);
      expect(told).toBe(outcome);
      expect(server.heads).toHaveLength(ask === got ? 3 : 2);
    },
  );
});

test("idle connections are closed after their time, and never during a request", async () => {
  const server = await h2Server(own, (stream, number) => {
    // real time: longer than the idle timeout, which runs on the system clock here
    setTimeout(() => ok(stream), number > 3 ? 150 : 0);
  });
  const upstream = outbound({ ...h2, idleMs: 50 });
  const log = eventLog();
  await Promise.all([1, 2, 3].map(() => got(upstream, server.origin)));
  expect(server.open.size).toBe(3);
  const slow = got(upstream, server.origin);
  await vi.waitFor(() => expect(server.open.size).toBe(1), { interval: 5 });
  expect(await slow).toBe("ok");
  await vi.waitFor(() => expect(server.open.size).toBe(0), { interval: 5 });
  expect(await posted(upstream, server.origin)).toBe("ok");
  expect(log.records.map(({ failure }) => failure)).toEqual([null, null, null, null, null]);
});
