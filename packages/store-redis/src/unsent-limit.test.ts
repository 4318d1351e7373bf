import { expect, test } from "vitest";

import { manualClock, type ManualClock } from "@reissue/testing";

import { UnsentLimit } from "./unsent-limit.ts";

/** A limit whose clients are their signals. */
function limit(clock: ManualClock): UnsentLimit<AbortSignal> {
  const client = {
    withCommandOptions: () => client,
    withAbortSignal: (signal: AbortSignal) => signal,
  };
  return new UnsentLimit(client, {}, clock);
}

test("all commands of a second share a signal, which is aborted 5 s later", async () => {
  const clock = manualClock();
  const limited = limit(clock);
  const first = limited.client();
  await clock.advance(999);
  expect(limited.client()).toBe(first);
  await clock.advance(1);
  const second = limited.client();
  expect(second).not.toBe(first);

  await clock.advance(4999);
  expect(first.aborted).toBe(false);
  await clock.advance(1);
  expect([first.aborted, second.aborted]).toEqual([true, false]);
});

test("a command after a blocked event loop gets a new signal instead of one that is about to abort", () => {
  const clock = manualClock();
  let blockedMs = 0;
  const limited = limit({ ...clock, now: () => clock.now() + blockedMs });
  const first = limited.client();
  blockedMs = 60_000;
  expect(limited.client()).not.toBe(first);
});

test("the abort calls the listeners that have not been removed", async () => {
  const clock = manualClock();
  const signal = limit(clock).client();
  const events: string[] = [];
  const sent = (): void => void events.push("sent");
  const unsent = Array.from({ length: 20 }, (_, at) => (event: Event) => {
    events.push(`${event.type} ${at}`);
    for (const listener of unsent) signal.removeEventListener("abort", listener);
  });
  signal.addEventListener("abort", sent, { once: true });
  for (const listener of unsent) signal.addEventListener("abort", listener, { once: true });
  signal.removeEventListener("abort", sent);
  await clock.advance(6000);
  expect(events).toEqual(["abort 0"]);
});

test("no timer remains when there are no more commands", async () => {
  const clock = manualClock();
  limit(clock).client();
  await clock.advance(6000);
  expect(clock.pending).toBe(0);
});
