import { runInNewContext } from "node:vm";

import createError from "http-errors";
import { expect, onTestFinished, test } from "vitest";

import type { Awaitable } from "../../common/awaitable.ts";
import { isErrorResponse } from "../../gateway/error-response.ts";
import { response, bench, events } from "./begin-claim.test.fixture.ts";
import { beginClaim, type ClaimOutcome } from "./begin-claim.ts";
import type { ClaimResult } from "../store/store.ts";

/** What a refusal says to a client. */
function refusal(beginning: ClaimOutcome): unknown {
  if (beginning.action !== "refuse") return beginning.action;
  const { error } = beginning;
  expect(createError.isHttpError(error)).toBe(true);
  expect(isErrorResponse(error)).toBe(true);
  const { status, code, expose, headers } = error;
  const [retry, after] = [headers["x-should-retry"], headers["Retry-After"]];
  return { status, code: code.slice("ERR_REISSUE_".length), expose, retry, after };
}

/** As promises of other libraries, none of this context's. */
const foreignPromise = runInNewContext("(value) => Promise.resolve(value)") as (
  value: unknown,
) => unknown;

/** What wins a race with something that takes longer. */
const waited = Promise.resolve("waiting");

test("the first request runs, and the next one gets 409 with Retry-After", async () => {
  const b = bench();
  expect(await b.run()).toMatchObject({ fence: 1, settled: false });
  expect(refusal(await b.ask())).toEqual({
    status: 409,
    code: "KEY_IN_FLIGHT",
    expose: true,
    retry: "true",
    after: "7",
  });
  expect(events(b)).toEqual(["claimed", "in-flight"]);
});

test("the next request gets the response of the first one", async () => {
  const b = bench();
  const given = {
    ...response,
    headers: [["Location", "/a"]] as const,
    trailers: [["x", "y"]] as const,
  };
  expect(await (await b.run()).complete(given)).toBe(true);
  expect(await b.ask()).toEqual({ action: "replay", response: given });
  expect(events(b)).toEqual(["claimed", "completed", "replayed"]);
});

test("another scope or another key has another record, wherever the text is split", async () => {
  const b = bench();
  const pairs = [
    ["a", "bc"],
    ["ab", "c"],
    ["", "abc"],
    ["abc", ""],
  ] as const;
  for (const [scope, key] of pairs) expect((await b.ask({ scope, key })).action).toBe("run");
  expect(new Set(b.messages.map(({ id }) => id)).size).toBe(4);
  expect(JSON.stringify(b.messages)).not.toContain("abc");
});

test("another fingerprint is refused every time", async () => {
  const b = bench();
  await b.run();
  expect(refusal(await b.ask({ fingerprint: "other" }))).toEqual({
    status: 422,
    code: "KEY_MISMATCH",
    expose: true,
    retry: "false",
    after: undefined,
  });
});

test(`a lapsed claim is taken over in the mode "at least once"`, async () => {
  const b = bench({ leaseMs: 6000 });
  (await b.run()).abandon();
  await b.clock.advance(5999);
  expect((await b.ask()).action).toBe("refuse");
  await b.clock.advance(1);
  expect(await b.run()).toMatchObject({ fence: 2 });
  expect(events(b)).toEqual(["claimed", "abandoned", "in-flight", "taken-over"]);
});

test(`the outcome of a lapsed claim is unknown in the mode "at most once"`, async () => {
  const b = bench({ leaseMs: 6000, guarantee: "at-most-once" });
  (await b.run()).abandon();
  await b.clock.advance(6000);
  expect(refusal(await b.ask())).toEqual({
    status: 409,
    code: "KEY_OUTCOME_UNKNOWN",
    expose: true,
    retry: "false",
    after: undefined,
  });
});

test("a response without a stored body is not replayed, and the handler does not run again", async () => {
  const b = bench();
  await (await b.run()).complete({ ...response, body: null });
  expect(refusal(await b.ask())).toMatchObject({ status: 409, code: "KEY_ANSWER_NOT_KEPT" });
  const again = await b.ask();
  expect(again.action === "refuse" && again.error.message).toContain("201");
});

test.each<[string, () => Awaitable<ClaimResult>]>([
  ["rejects", () => Promise.reject(new Error("down"))],
  [
    "throws",
    () => {
      throw new Error("down");
    },
  ],
  ["rejects with nothing", () => Promise.reject()],
  [
    "throws nothing",
    () => {
      throw undefined;
    },
  ],
  ["gives nothing", async () => undefined as never],
  ["gives nothing at once", () => undefined as never],
  ["gives another library's promise of nothing", () => foreignPromise(undefined) as never],
  ["gives an unreadable value at once", () => ({ state: "completed", answer: Buffer.from("{}") })],
  ["gives a state that there is not", async () => ({ state: "free" }) as never],
  ["gives an unreadable value", async () => ({ state: "completed", answer: Buffer.from("{}\n") })],
  [
    "gives a response of a later version",
    async () => ({ state: "completed", answer: Buffer.from('{"version":2}\n') }),
  ],
])("a store that %s leads to a 503 with the reason in the cause", async (_name, claim) => {
  const b = bench({}, () => ({ claim }));
  const beginning = await b.ask();
  expect(refusal(beginning)).toEqual({
    status: 503,
    code: "STORE_UNAVAILABLE",
    expose: true,
    retry: "true",
    after: "7",
  });
  expect(beginning.action === "refuse" && beginning.error.cause).toBeInstanceOf(Error);
  expect(b.messages).toMatchObject([{ event: "store-failed", operation: "claim" }]);
});

test("a store may return the promises of another library", async () => {
  const b = bench({}, (memory) => ({
    claim: (request) => foreignPromise(memory.claim(request)) as never,
    complete: (...args) => foreignPromise(memory.complete(...args)) as never,
  }));
  expect(await (await b.run()).complete(response)).toBe(true);
  expect(await b.ask()).toMatchObject({ action: "replay", response });
});

test("a slow store leads to a 503 after its timeout, and a late claim is released", async () => {
  let arrive = (): void => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const b = bench({ storeTimeoutMs: 50 }, (memory) => ({
    claim: (request) => arrived.then(() => memory.claim(request)),
  }));
  const asked = b.ask();
  await b.clock.advance(49);
  expect(await Promise.race([asked, waited])).toBe("waiting");
  await b.clock.advance(1);
  expect(refusal(await asked)).toMatchObject({ status: 503 });
  arrive();
  await b.clock.advance(0);
  expect(events(b)).toEqual(["store-failed", "released"]);
  expect(await b.run()).toMatchObject({ fence: 1 });
});

test("a slow store that returns nothing in the end causes no rejection", async () => {
  const unhandled: unknown[] = [];
  const listen = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", listen);
  onTestFinished(() => void process.off("unhandledRejection", listen));
  let arrive = (_result: never): void => {};
  const b = bench({ storeTimeoutMs: 50 }, () => ({
    claim: () => new Promise<never>((resolve) => (arrive = resolve)),
  }));
  const asked = b.ask();
  await b.clock.advance(50);
  expect(refusal(await asked)).toMatchObject({ status: 503 });
  arrive(undefined as never);
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
});

test("a request waits for the response of another one for at most waitMs", async () => {
  const b = bench({ waitMs: 1000 });
  const claim = await b.run();
  const waiting = b.ask();
  await b.clock.advance(500);
  await claim.complete(response);
  await b.clock.advance(500);
  expect(await waiting).toMatchObject({ action: "replay" });
  const other = b.ask({ fingerprint: "other" });
  expect(refusal(await other)).toMatchObject({ status: 422 });
});

test("the signal is never read without waitMs", async () => {
  const b = bench({ waitMs: 0 });
  await b.run();
  let asked = 0;
  const request = {
    scope: "shared",
    key: "k",
    fingerprint: "f",
    get signal() {
      asked += 1;
      return undefined;
    },
  };
  expect(refusal(await beginClaim(request, b.settings))).toMatchObject({ status: 409 });
  expect(asked).toBe(0);
});

test("a request gives up waiting when its time is over, to the millisecond", async () => {
  const b = bench({ waitMs: 1000 });
  await b.run();
  const waiting = b.ask();
  await b.clock.advance(999);
  expect(await Promise.race([waiting, waited])).toBe("waiting");
  await b.clock.advance(1);
  expect(refusal(await waiting)).toMatchObject({ code: "KEY_IN_FLIGHT" });
});

test("a waiting request runs once the claim is released or has lapsed", async () => {
  const b = bench({ waitMs: 60_000, leaseMs: 6000 });
  const claim = await b.run();
  const first = b.ask();
  await b.clock.advance(100);
  await claim.release();
  await b.clock.advance(500);
  const next = await first;
  expect(next).toMatchObject({ action: "run", claim: { fence: 1 } });
  if (next.action === "run") next.claim.abandon();
  const second = b.ask();
  await b.clock.advance(6500);
  expect(await second).toMatchObject({ action: "run", claim: { fence: 2 } });
});

test("a wait ends at once when its client disconnects, and leaves no listener", async () => {
  const b = bench({ waitMs: 60_000 });
  (await b.run()).abandon();
  const leaving = new AbortController();
  const waiting = b.ask({ signal: leaving.signal });
  await b.clock.advance(1);
  const pending = b.clock.pending;
  leaving.abort();
  expect(refusal(await waiting)).toMatchObject({ code: "KEY_IN_FLIGHT" });
  expect(b.clock.pending).toBe(pending - 1);
});
