import { setImmediate } from "node:timers/promises";

import type { UpstreamError } from "@reissue/upstream";
import { manualClock } from "@reissue/testing";
import { describe, expect, test } from "vitest";

import { got, posted } from "../../support/upstream/requests.ts";
import { certificate } from "../../support/upstream/servers/certificate.ts";
import { eventLog } from "../../support/upstream/event-log.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";
import { tlsServer } from "../../support/upstream/servers/tls-server.ts";

const own = certificate();
const other = certificate("DNS:other.example");
const tls = { ca: own.cert };

test("a custom certificate authority works for all origins or for one", async () => {
  const server = await tlsServer(own, (_request, response) => void response.end("ok"));
  const log = eventLog();
  const clients = [outbound({ tls }), outbound({ origins: { [server.origin]: { tls } } })];
  for (const upstream of clients) {
    expect(await got(upstream, server.origin)).toBe("ok");
    expect(await (await upstream(server.origin)).text()).toBe("ok");
  }
  expect(log.records.map(({ reused }) => reused)).toEqual([false, true, false, true]);
  expect(server.sockets).toHaveLength(2);
});

test.each([
  ["unknown", own, {}, "DEPTH_ZERO_SELF_SIGNED_CERT"],
  ["somebody else's", other, { ca: other.cert }, "ERR_TLS_CERT_ALTNAME_INVALID"],
])("a certificate that is %s fails at once and for good", async (_, certified, options, code) => {
  const server = await tlsServer(certified, (_request, response) => void response.end("ok"));
  const upstream = outbound({ tls: options });
  const startedAt = performance.now();
  for (let round = 1; round <= 2; round += 1) {
    const error = await got(upstream, server.origin).catch((thrown: UpstreamError) => thrown);
    expect(error).toMatchObject({
      delivery: "unsent",
      reason: "condition-not-listed",
      failure: { kind: "certificate", phase: "tls", transient: false },
      attempts: [{ attempt: 1, reused: null }],
      cause: { code },
    });
    expect(server.sockets).toHaveLength(round);
  }
  expect(performance.now() - startedAt).toBeLessThan(1000);
});

test.each(["rst", "fin"] as const)(
  "a handshake that ends by %s is tried again, even for a POST",
  async (how) => {
    const server = await tlsServer(
      own,
      (_request, response) => void response.end("ok"),
      (socket, number) => {
        if (number > 2) return;
        if (how === "rst") socket.resetAndDestroy();
        else socket.end();
      },
    );
    const upstream = outbound({ tls });
    const log = eventLog();
    expect(await posted(upstream, server.origin)).toBe("ok");
    expect(log.records.slice(0, 2)).toEqual(
      Array.from({ length: 2 }, () =>
        expect.objectContaining({
          reused: null,
          failure: expect.objectContaining({
            kind: "reset",
            // An early RST is met by connect itself.
            phase: expect.stringMatching(/^(connect|tls)$/),
            delivery: "unsent",
          }),
        }),
      ),
    );
    expect(log.records).toHaveLength(3);
  },
);

describe("a stale socket over TLS", () => {
  test("leads to a resend of a GET on a fresh connection", async () => {
    let heads = 0;
    const server = await tlsServer(own, (_request, response) => {
      heads += 1;
      if (heads === 2) server.resetLast();
      else response.end("ok");
    });
    const upstream = outbound({ tls, clock: manualClock() });
    const log = eventLog();
    await got(upstream, server.origin);
    expect(await got(upstream, server.origin)).toBe("ok");
    expect(log.decisions.map(({ decision }) => decision.reason)).toEqual(["stale-socket"]);
    expect([heads, server.sockets.length]).toEqual([3, 2]);
  });

  test("leads to no resend of a POST", async () => {
    let heads = 0;
    const server = await tlsServer(own, (_request, response) => {
      heads += 1;
      if (heads === 2) server.resetLast();
      else response.end("ok");
    });
    const upstream = outbound({ tls, clock: manualClock() });
    await got(upstream, server.origin);
    await setImmediate();
    await expect(posted(upstream, server.origin)).rejects.toMatchObject({
      delivery: "stale",
      reason: "not-retry-safe",
    });
    expect(heads).toBe(2);
  });
});

test("a server that refuses the client after the handshake may have had the request", async () => {
  const server = await tlsServer(
    { ...own, requestCert: true, ca: own.cert, minVersion: "TLSv1.3" },
    (_request, response) => void response.end("ok"),
  );
  const upstream = outbound({ tls });
  const error = await posted(upstream, server.origin).catch((thrown: UpstreamError) => thrown);
  expect(error).toMatchObject({ delivery: "unknown", attempts: [{ reused: false }] });
  expect(server.sockets).toHaveLength(1);
  const certified = outbound({ tls: { ...own, ca: own.cert } });
  expect(await posted(certified, server.origin)).toBe("ok");
});
