import { describe, expect, test } from "vitest";

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
function expectClose(idle: any, ms: number, by: string, slackMs = 1100): void {
  expect(idle).toMatchObject({ type: "closes", by, with408: false });
  expect(idle.fromMs).toBeGreaterThan(ms * 0.9);
  expect(idle.fromMs).toBeLessThan(ms + slackMs);
}

describe.skipIf(absent("nginx"))("nginx", () => {
  test("its keepalive_timeout, hint and keepalive_requests are measured", async () => {
    const port = await nginxServer("keepalive_timeout 1s 1s; keepalive_requests 7;");
    const report = await probed(port, "4s");
    expectClose(report.idle, 1000, "fin");
    expect(report).toMatchObject({
      server: expect.stringMatching(/^nginx\//),
      closesAfterResponse: null,
      keepAliveHint: { value: "timeout=1", isTrue: true },
      requestsPerConnection: { type: "limit", count: 7, announced: true },
      http2: null,
    });
  });

  test("a hint that is longer than its keepalive_timeout is no truth", async () => {
    const report = await probed(await nginxServer("keepalive_timeout 1s 60s;"), "4s");
    expect(report.keepAliveHint).toMatchObject({ value: "timeout=60", isTrue: false });
  });

  test("keepalive_timeout 0 is a close after each response", async () => {
    const report = await probed(await nginxServer("keepalive_timeout 0;"), "1s");
    expect(report).toMatchObject({ closesAfterResponse: "announced", idle: null });
  });

  test("its HTTP/2 says GOAWAY before it closes an idle session", async () => {
    const port = await nginxServer("keepalive_timeout 1s;", "ssl http2");
    const report = await probed(port, "4s", ["--insecure"], "https");
    expectClose(report.idle, 1000, "fin");
    expect(report.http2).toMatchObject({ offered: true, status: 200, goaway: { code: 0 } });
  });
});

describe.skipIf(absent("haproxy"))("HAProxy", () => {
  test("its timeout http-keep-alive is measured, and its 408 for a connection without a request", async () => {
    const port = await haproxyServer(
      "timeout client 5s\n    timeout http-keep-alive 900ms\n    timeout http-request 600ms",
    );
    const report = await probed(port, "3s");
    expectClose(report.idle, 900, "fin");
    expect(report).toMatchObject({
      keepAliveHint: null,
      requestsPerConnection: { type: "at-least", count: 120 },
      silentConnection: { type: "closed", by: "fin", with408: true },
    });
    expect(report.silentConnection.afterMs).toBeGreaterThan(500);
  });
});

describe.skipIf(absent("apache2"))("Apache", () => {
  test("its KeepAliveTimeout, hint and MaxKeepAliveRequests are measured", async () => {
    const port = await apacheServer("KeepAliveTimeout 1\n    MaxKeepAliveRequests 5");
    const report = await probed(port, "4s");
    expectClose(report.idle, 1000, "fin");
    expect(report).toMatchObject({
      server: expect.stringMatching(/^Apache/),
      keepAliveHint: { value: "timeout=1, max=5", timeoutMs: 1000, isTrue: true },
      requestsPerConnection: { type: "limit", count: 6, announced: true },
    });
  });

  test("KeepAlive Off is a close after each response", async () => {
    const report = await probed(await apacheServer("KeepAlive Off"), "1s");
    expect(report).toMatchObject({ closesAfterResponse: "announced", idle: null });
  });
});
