import { expect, test } from "vitest";

import { absent } from "../../support/missing-program.ts";
import { json } from "../run-cli.ts";
import { apacheServer, haproxyServer, nginxServer } from "./servers.ts";

/** The report of a probe of a port, measured for as long as a test may take. */
async function probed(
  port: number,
  maxIdle: string,
  more: readonly string[] = [],
  scheme = "http",
) {
  const url = `${scheme}://127.0.0.1:${port}/`;
  const args = ["--max-idle", maxIdle, "--timeout", "5s", "--connections", "4", ...more];
  const { exitCode, result } = await json(["probe", url, ...args]);
  expect(exitCode).toBe(0);
  return result;
}

/** Expects idle connections to be closed at about that age; timers of some servers tick once a second. */
function expectClose(idle: any, ms: number): void {
  expect(idle).toMatchObject({ type: "closes", by: "fin", with408: false });
  expect(idle.fromMs).toBeGreaterThan(ms * 0.9);
  expect(idle.fromMs).toBeLessThan(ms + 1100);
}

test.skipIf(absent("nginx"))("nginx is measured, over HTTP/2 too", async () => {
  await Promise.all([
    nginxServer("keepalive_timeout 1s 1s; keepalive_requests 7;").then(async (port) => {
      const report = await probed(port, "4s");
      expectClose(report.idle, 1000);
      expect(report).toMatchObject({
        server: expect.stringMatching(/^nginx\//),
        closesAfterResponse: null,
        keepAliveHint: { value: "timeout=1", isTrue: true },
        requestsPerConnection: { type: "limit", count: 7, announced: true },
        http2: null,
      });
    }),
    nginxServer("keepalive_timeout 1s 60s;").then(async (port) => {
      const report = await probed(port, "4s");
      expect(report.keepAliveHint).toMatchObject({ value: "timeout=60", isTrue: false });
    }),
    nginxServer("keepalive_timeout 0;").then(async (port) => {
      const report = await probed(port, "1s");
      expect(report).toMatchObject({ closesAfterResponse: "announced", idle: null });
    }),
    nginxServer("keepalive_timeout 1s;", "ssl http2").then(async (port) => {
      const report = await probed(port, "4s", ["--insecure"], "https");
      expectClose(report.idle, 1000);
      expect(report.http2).toMatchObject({ offered: true, status: 200, goaway: { code: 0 } });
    }),
  ]);
});

test.skipIf(absent("haproxy"))(
  "HAProxy is measured, and its 408 for a connection without a request",
  async () => {
    const times = [
      "timeout client 5s",
      "timeout http-keep-alive 900ms",
      "timeout http-request 600ms",
    ];
    const report = await probed(await haproxyServer(times.join("\n    ")), "3s");
    expectClose(report.idle, 900);
    expect(report).toMatchObject({
      keepAliveHint: null,
      requestsPerConnection: { type: "at-least", count: 120 },
      silentConnection: { type: "closed", by: "fin", with408: true },
    });
    expect(report.silentConnection.afterMs).toBeGreaterThan(500);
  },
);

test.skipIf(absent("apache2"))("Apache is measured", async () => {
  await Promise.all([
    apacheServer("KeepAliveTimeout 1\n    MaxKeepAliveRequests 5").then(async (port) => {
      const report = await probed(port, "4s");
      expectClose(report.idle, 1000);
      expect(report).toMatchObject({
        server: expect.stringMatching(/^Apache/),
        keepAliveHint: { value: "timeout=1, max=5", timeoutMs: 1000, isTrue: true },
        requestsPerConnection: { type: "limit", count: 6, announced: true },
      });
    }),
    apacheServer("KeepAlive Off").then(async (port) => {
      const report = await probed(port, "1s");
      expect(report).toMatchObject({ closesAfterResponse: "announced", idle: null });
    }),
  ]);
});
