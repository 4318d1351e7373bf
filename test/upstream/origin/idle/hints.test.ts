import { manualClock } from "@reissue/testing";
import { expect, test } from "vitest";

import { opened } from "../../../testing/opened.ts";
import { got, posted } from "../../../support/upstream/requests.ts";
import { outbound } from "../../../support/upstream/open-upstream.ts";

/** What the server says, and how long a connection may then be idle, the buffer of a second taken off. */
const hints: readonly (readonly [
  name: string,
  headers: Record<string, string | string[]>,
  ms: number,
])[] = [
  ["timeout=3", { "Keep-Alive": "timeout=3" }, 2000],
  ["Timeout=3", { "Keep-Alive": "Timeout=3" }, 2000],
  ["TIMEOUT = 3", { "keep-alive": "TIMEOUT = 3" }, 2000],
  ["max=100, timeout=3", { "Keep-Alive": "max=100, timeout=3" }, 2000],
  ["timeout=3, max=100", { "Keep-Alive": "timeout=3, max=100" }, 2000],
  ['timeout="3"', { "Keep-Alive": 'timeout="3"' }, 2000],
  ["two headers", { "Keep-Alive": ["max=100", "timeout=3"] }, 2000],
  ["a hint above the limit", { "Keep-Alive": "timeout=600" }, 4000],
  ["a huge number", { "Keep-Alive": `timeout=${"9".repeat(40)}` }, 4000],
  ["nonsense", { "Keep-Alive": "timeout=soon, 5, max" }, 4000],
  ["no value", { "Keep-Alive": "timeout=" }, 4000],
  ["no hint", {}, 4000],
];

test.each(hints)("a keep-alive hint sets the idle limit: %s", async (_, headers, limitMs) => {
  const clock = manualClock();
  const server = await opened({ respond: { headers } });
  const upstream = outbound({ clock });
  await got(upstream, server.origin);
  await clock.advance(limitMs);
  await got(upstream, server.origin);
  expect(server.connections).toBe(1);
  await clock.advance(limitMs + 1);
  await got(upstream, server.origin);
  expect(server.connections).toBe(2);
});

test.each(["timeout=1", "Timeout=1", "max=9, Timeout=0", "timeout=0"])(
  "a hint of %s leaves no time, so the connection is not used again",
  async (hint) => {
    const server = await opened({ keepAliveHint: hint });
    const upstream = outbound({ connections: 1 });
    await got(upstream, server.origin);
    await Promise.all([got(upstream, server.origin), posted(upstream, server.origin)]);
    await got(upstream, server.origin);
    expect(server.requests.map(({ nth }) => nth)).toEqual([1, 1, 1, 1]);
  },
);

test("a POST obeys a hint below unsafeIdleMs", async () => {
  const clock = manualClock();
  const server = await opened({ keepAliveHint: "Timeout=2" });
  const upstream = outbound({ clock, unsafeIdleMs: 3000 });
  await posted(upstream, server.origin);
  await clock.advance(900);
  await posted(upstream, server.origin);
  expect(server.connections).toBe(1);
  await clock.advance(1100);
  await posted(upstream, server.origin);
  expect(server.connections).toBe(2);
});

test("the hint of the latest response counts, and the connection of a failed resend does not inherit it", async () => {
  const clock = manualClock();
  let hint = "timeout=2";
  const server = await opened({ respond: () => ({ headers: { "Keep-Alive": hint } }) });
  const upstream = outbound({ clock });
  await got(upstream, server.origin);
  hint = "timeout=5";
  await got(upstream, server.origin);
  await clock.advance(3000);
  await got(upstream, server.origin);
  expect(server.connections).toBe(1);
  hint = "timeout=2";
  await got(upstream, server.origin);
  await clock.advance(1500);
  hint = "timeout=5";
  await got(upstream, server.origin);
  await clock.advance(3000);
  await got(upstream, server.origin);
  expect(server.connections).toBe(2);
});
