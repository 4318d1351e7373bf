import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";

import { UnsentLimit } from "./unsent-limit.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Gives the signal of each client that is made. */
function limit(): UnsentLimit<AbortSignal> {
  const client = {
    withCommandOptions: () => client,
    withAbortSignal: (signal: AbortSignal) => signal,
  };
  return new UnsentLimit(client, {});
}

test("all commands of a second share a signal, which is aborted 5 s later", () => {
  const limited = limit();
  const first = limited.client();
  vi.advanceTimersByTime(999);
  expect(limited.client()).toBe(first);
  vi.advanceTimersByTime(1);
  const second = limited.client();
  expect(second).not.toBe(first);

  vi.advanceTimersByTime(4999);
  expect(first.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect([first.aborted, second.aborted]).toEqual([true, false]);
});

test("whoever comes after the loop stood still is given no signal that is about to be aborted", () => {
  const limited = limit();
  const first = limited.client();
  vi.spyOn(performance, "now").mockReturnValue(performance.now() + 60_000);
  onTestFinished(() => void vi.restoreAllMocks());
  expect(limited.client()).not.toBe(first);
});

test("the abort reaches who listens still, and no other", () => {
  const signal = limit().client();
  const heard: string[] = [];
  const sent = (): void => void heard.push("sent");
  const unsent = Array.from({ length: 20 }, (_, at) => (event: Event) => {
    heard.push(`${event.type} ${at}`);
    for (const listener of unsent) signal.removeEventListener("abort", listener);
  });
  signal.addEventListener("abort", sent, { once: true });
  for (const listener of unsent) signal.addEventListener("abort", listener, { once: true });
  signal.removeEventListener("abort", sent);
  vi.advanceTimersByTime(6000);
  expect(heard).toEqual(["abort 0"]);
});

test("nothing is left to do once no more commands come", () => {
  limit().client();
  vi.advanceTimersByTime(6000);
  expect(vi.getTimerCount()).toBe(0);
});
