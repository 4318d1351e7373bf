import type { UpstreamOptions } from "@reissue/upstream";
import { describe, expect, test } from "vitest";

import { outbound } from "../../support/upstream/open-upstream.ts";
import { onHead, rawServer } from "../../support/upstream/servers/raw-server.ts";
import { ways, type Call, type Send } from "../../support/upstream/ways.ts";

const head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
const timeoutMs = 60;

const attempt = { retry: { attemptTimeoutMs: timeoutMs } };
const total = { retry: { totalTimeoutMs: timeoutMs } };
const repeated = { retry: { attemptTimeoutMs: timeoutMs, retryOn: ["timeout" as const] } };
const get = { method: "GET" };
const post = { method: "POST", body: "x" };

/** Keeps the event loop from its sockets for longer than the timeout. */
function holdUp(): void {
  const until = performance.now() + 1.5 * timeoutMs;
  // real time: a timer is late only if the loop really stands still
  while (performance.now() < until);
}

/**
 * Makes a call to a server that writes `early` at once and `late` later; immediately after that the event loop is held
 * up, so that the timer of the call fires before the loop reads what has come.
 */
async function called(
  send: Send,
  early: string,
  late: string,
  options: UpstreamOptions,
  call: Call,
): Promise<{ readonly told: unknown; readonly requests: number }> {
  let requests = 0;
  const server = await rawServer((socket) => {
    const serve = (): void => {
      requests += 1;
      socket.write(requests === 1 ? `${head}ok` : early);
      onHead(socket, serve);
      if (requests !== 2) return;
      // real time: the client reads the first part before
      setTimeout(() => {
        setImmediate(() => {
          socket.write(late);
          holdUp();
        });
      }, 10);
    };
    onHead(socket, serve);
  });
  const upstream = outbound(options);
  await send(upstream, server.origin, get);
  const told = await send(upstream, server.origin, call).catch((error: unknown) => error);
  return { told, requests };
}

describe.each(ways)("a timer that is late: %s", (_, send) => {
  test.each([
    ["the response of a GET, within attemptTimeoutMs", "", `${head}ok`, attempt, get],
    ["the response of a GET that may be resent", "", `${head}ok`, repeated, get],
    ["the response of a POST, within attemptTimeoutMs", "", `${head}ok`, attempt, post],
    ["the response of a POST, within totalTimeoutMs", "", `${head}ok`, total, post],
    ["the rest of a response that is held", `${head}o`, "k", repeated, get],
    [
      "the rest of a response, within bodyTimeoutMs",
      `${head}o`,
      "k",
      { bodyTimeoutMs: timeoutMs },
      post,
    ],
  ] as const)(
    "does not lose what had come before: %s",
    async (_name, early, late, options, call) => {
      expect(await called(send, early, late, options, call)).toEqual({ told: "ok", requests: 2 });
    },
  );

  test("ends a call whose response has not come", async () => {
    const { told } = await called(send, "", "", attempt, post);
    expect(told).toMatchObject({
      code: "ERR_REISSUE_UPSTREAM_TIMEOUT",
      delivery: "unknown",
      reason: "not-retry-safe",
    });
  });
});
