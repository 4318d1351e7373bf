import { manualClock, type ManualClock } from "@reissue/testing";
import type { Upstream } from "@reissue/upstream";
import { describe, expect, test } from "vitest";

import { eventLog, type EventLog } from "../../../support/upstream/event-log.ts";
import { outbound } from "../../../support/upstream/open-upstream.ts";
import { onHead, rawServer, type RawServer } from "../../../support/upstream/servers/raw-server.ts";

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const timeout = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

interface Setting {
  readonly clock: ManualClock;
  readonly server: RawServer;
  readonly upstream: Upstream;
  readonly log: EventLog;
}

/** A server that answers each connection once, and from then on as it is told; as if it had tired of it. */
async function tiring(answer: string, once = ok, lateMs = 0): Promise<Setting> {
  const manual = manualClock();
  let aheadMs = 0;
  const clock = Object.assign(Object.create(manual) as ManualClock, {
    now: () => manual.now() + aheadMs,
  });
  const server = await rawServer((socket) => {
    onHead(socket, () => {
      socket.write(once);
      onHead(socket, () => {
        aheadMs += lateMs;
        socket.end(answer);
      });
    });
  });
  const routes = { "POST /opted": { retryOn: ["reset"] } } as const;
  const upstream = outbound({ clock, origins: { [server.origin]: { routes } } });
  return { clock, server, upstream, log: eventLog() };
}

/** The status of a call on a connection that has served before. */
async function second(
  at: Setting,
  path = "/",
  init: Parameters<Upstream>[1] = {},
): Promise<number> {
  await (await at.upstream(at.server.origin)).text();
  await at.clock.advance(30);
  const response = await at.upstream(at.server.origin + path, init);
  await response.text();
  return response.status;
}

const keyed = { method: "POST", body: "x", headers: { "idempotency-key": '"a"' } };
const page = "<html>tired</html>";
const words = [
  timeout,
  `HTTP/1.0 408 Request Time-out\r\nConnection: Close\r\nContent-Length: ${page.length}\r\n\r\n${page}`,
  "HTTP/1.1 408 Timeout\r\nConnection: x, close\r\n\r\n",
];

describe.each(words)("%j that crosses", (answer) => {
  test.each([
    ["a GET", "/", {}],
    ["a PUT", "/", { method: "PUT", body: "x" }],
    ["a POST with a key", "/", keyed],
    ["a POST that is opted in", "/opted", { method: "POST", body: "x" }],
  ])("leads with %s to a resend at once, on a fresh connection", async (_, path, init) => {
    const at = await tiring(answer);
    expect(await second(at, path, init)).toBe(200);
    expect(at.server.connections).toBe(2);
    expect(at.log.decisions.map(({ decision }) => decision)).toEqual([
      { action: "resend", delayMs: 0, connection: "fresh", reason: "stale-socket" },
    ]);
    expect(at.log.records[1]).toMatchObject({
      reused: true,
      status: 408,
      failure: { kind: "reset", delivery: "stale" },
    });
  });

  test("a POST without a key gets the 408 as its response, and is not resent", async () => {
    const at = await tiring(answer);
    expect(await second(at, "/", { method: "POST", body: "x" })).toBe(408);
    expect(at.server.received.join("").match(/POST/g)).toHaveLength(1);
  });
});

describe("a 408 that is a response", () => {
  test("is given to the caller on a fresh connection", async () => {
    const at = await tiring(ok, timeout);
    expect((await at.upstream(at.server.origin)).status).toBe(408);
    expect(at.log.decisions).toEqual([]);
  });

  test.each([
    ["where the connection stays open", timeout.replace("Connection: close\r\n", "")],
    ["where it is kept by name", timeout.replace("close", "keep-alive")],
    ["where the server had begun to work", `HTTP/1.1 103 Early Hints\r\n\r\n${timeout}`],
    ["unless it is one", timeout.replace("408", "404")],
  ])("is given to the caller %s", async (_, answer) => {
    const at = await tiring(answer);
    expect(await second(at)).toBe(answer.includes("404") ? 404 : 408);
    expect(at.log.decisions).toEqual([]);
  });

  test("is given to the caller if it comes too late to have crossed the request", async () => {
    const at = await tiring(timeout, ok, 60);
    expect(await second(at)).toBe(408);
    expect(at.log.decisions).toEqual([]);
  });
});
