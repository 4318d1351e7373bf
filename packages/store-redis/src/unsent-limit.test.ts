import { expect, test } from "vitest";

import { manualClock, type ManualClock } from "@reissue/testing";

import { UnsentLimit } from "./unsent-limit.ts";

/** Gives the signal of each client that is made. */
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

test("whoever comes after the loop stood still is given no signal that is about to be aborted", () => {
  const clock = manualClock();
  let stoodStillMs = 0;
  const limited = limit({ ...clock, now: () => clock.now() + stoodStillMs });
  const first = limited.client();
  stoodStillMs = 60_000;
  expect(limited.client()).not.toBe(first);
});

test("the abort reaches who listens still, and no other", async () => {
  const clock = manualClock();
  const signal = limit(clock).client();
  const heard: string[] = [];
  const sent = (): void => void heard.push("sent");
  const unsent = Array.from({ length: 20 }, (_, at) => (event: Event) => {
    heard.push(`${event.type} ${at}`);
    for (const listener of unsent) signal.removeEventListener("abort", listener);
  });
  signal.addEventListener("abort", sent, { once: true });
  for (const listener of unsent) signal.addEventListener("abort", listener, { once: true });
  signal.removeEventListener("abort", sent);
  await clock.advance(6000);
  expect(heard).toEqual(["abort 0"]);
});

test("nothing is left to do once no more commands come", async () => {
  const clock = manualClock();
  limit(clock).client();
  await clock.advance(6000);
  expect(clock.pending).toBe(0);
});
