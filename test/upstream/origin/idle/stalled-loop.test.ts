import { subscribe, unsubscribe } from "node:diagnostics_channel";

import type { UpstreamRequestOptions } from "@reissue/upstream";
import { describe, expect, onTestFinished, test } from "vitest";

import { SkewedClock } from "../../../support/clock/skewed-clock.ts";
import { eventLog, type EventLog } from "../../../support/upstream/event-log.ts";
import { outbound } from "../../../support/upstream/open-upstream.ts";
import { onHead, rawServer } from "../../../support/upstream/servers/raw-server.ts";

const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const post = { method: "POST", body: "x" };
const keyed = { ...post, headers: { "idempotency-key": "k-1" } };
type End = "end" | "destroy" | "resetAndDestroy";

/** Calls `use` with the number of each request that undici writes. */
function onWrite(use: (number: number) => void): void {
  let written = 0;
  const listener = (): void => use((written += 1));
  subscribe("undici:client:sendHeaders", listener);
  onTestFinished(() => void unsubscribe("undici:client:sendHeaders", listener));
}

interface Outcome {
  readonly results: readonly PromiseSettledResult<string>[];
  readonly log: EventLog;
}

/** Makes calls on connections that all end as the first is written; the loop is held up for `ms` once the last is. */
async function heldUp(
  ms: number,
  how: End,
  calls: number,
  options?: UpstreamRequestOptions,
): Promise<Outcome> {
  const clock = new SkewedClock();
  let ends = false;
  const waiting: (() => void)[] = [];
  const server = await rawServer((socket) => {
    const serve = (): void => {
      // The first ones together, so that each has a connection of its own.
      if (ends) socket.write(answer);
      else waiting.push(() => socket.write(answer));
      if (waiting.length === calls) for (const write of waiting.splice(0)) write();
      onHead(socket, serve);
    };
    onHead(socket, serve);
  });
  const upstream = outbound({ clock, connections: calls });
  const ask = async (given?: UpstreamRequestOptions): Promise<string> => {
    const { body } = await upstream.request(server.origin, given);
    return body.text();
  };
  await Promise.all(Array.from({ length: calls }, () => ask()));
  await server.until(({ open }) => open.size === calls);
  const log = eventLog();
  onWrite((number) => {
    if (number === 1) {
      ends = true;
      for (const socket of server.open) socket[how]();
    }
    if (number === calls) clock.skip(ms);
  });
  const asked = Array.from({ length: calls }, () => ask(options));
  return { results: await Promise.allSettled(asked), log };
}

describe.each(["end", "destroy", "resetAndDestroy"] as const)(
  "64 sockets that end by %s",
  (how) => {
    test.each([80, 400, 900])(
      "fail no GET although the event loop is blocked for %d ms",
      async (ms) => {
        const { results, log } = await heldUp(ms, how, 64);
        expect(
          results.map((result) => (result.status === "fulfilled" ? result.value : result)),
        ).toEqual(Array(64).fill("ok"));
        const reasons = new Set(log.decisions.map(({ decision }) => decision.reason));
        expect([...reasons].filter((reason) => reason === "reset")).toEqual([]);
      },
    );
  },
);

test.each([
  ["of a GET", undefined, 400, "stale"],
  ["of a POST with a key", keyed, 400, "stale"],
  ["of a GET, more than a second later", undefined, 1100, "unknown"],
  ["of a POST, which the upstream may have done in that time", post, 400, "unknown"],
] as const)(
  "a death in the first turn after the write is judged by its time and method: %s",
  async (...row) => {
    const [, options, ms, delivery] = row;
    const { log } = await heldUp(ms, "destroy", 1, options);
    expect(log.records[0]).toMatchObject({ reused: true, failure: { kind: "reset", delivery } });
  },
);
