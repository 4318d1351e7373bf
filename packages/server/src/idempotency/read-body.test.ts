import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";

import { manualClock } from "@reissue/testing";
import { expect, test } from "vitest";

import { readBody } from "./read-body.ts";

/** What a request made by hand may say of itself. */
interface Claims {
  readonly complete?: boolean;
  readonly headers?: Record<string, string>;
  readonly rawBody?: unknown;
  readonly body?: unknown;
}

/** A request as adapters for serverless platforms make it: of node:http's class, and with its own `_read`. */
function pushing(chunks: readonly (string | Buffer)[], claims: Claims = {}): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  let next = 0;
  request._read = () => {
    setImmediate(() => request.push(chunks[next++] ?? null));
  };
  return Object.assign(request, { method: "POST" }, claims);
}

const clock = manualClock();

async function read(request: unknown, maxBytes = 100): Promise<string> {
  return Buffer.from(
    await readBody(request as IncomingMessage, { maxBytes, clock, onWait() {} }),
  ).toString();
}

const claims: readonly Claims[] = [
  {},
  { complete: true },
  { complete: true, headers: { "content-length": "0" } },
  { complete: true, headers: { "content-length": "3" } },
  { headers: { "content-length": "3" } },
  { headers: { "content-length": "99" } },
  { headers: { "transfer-encoding": "chunked" } },
];

test.each(claims)("a body is read to its end, whatever its request declares: %j", async (said) => {
  const request = pushing(["pay", Buffer.from(" all "), "of it"], said);
  expect(await read(request)).toBe("pay all of it");
  expect((await buffer(request)).toString()).toBe("pay all of it");
  await expect(read(pushing(["x".repeat(60), "x".repeat(60)], said))).rejects.toMatchObject({
    code: "ERR_REISSUE_BODY_TOO_LARGE",
  });
});

test.each(claims)("a missing body is read as none: %j", async (said) => {
  const request = pushing([], said);
  expect(await read(request)).toBe("");
  expect((await buffer(request)).length).toBe(0);
});

test("a stream of strings is read too, and a stream of objects has no bytes", async () => {
  const of = (...chunks: unknown[]): Readable =>
    Object.assign(Readable.from(chunks), { method: "POST", headers: {} });
  const request = of("pay", Buffer.from(" all"));
  expect(await read(request)).toBe("pay all");
  expect((await buffer(request)).toString()).toBe("pay all");
  await expect(read(of("pay", { amount: 1 }))).rejects.toThrow("read before the gate");
});

test.each([
  ["data", (request) => request.on("data", () => {})],
  ["a pipe", (request) => request.pipe(new PassThrough())],
  ["readable", (request) => request.on("readable", () => {})],
  ["resume", (request) => request.resume()],
  ["an iteration that has ended", async (request) => void (await buffer(request))],
] satisfies [string, (request: IncomingMessage) => unknown][])(
  "a body that other code reads never counts as missing: %s",
  async (_name, before) => {
    for (const said of claims) {
      const request = pushing(["pay"], said);
      await before(request);
      await expect(async () => read(request)).rejects.toMatchObject({
        code: "ERR_REISSUE_BODY_CONSUMED",
      });
    }
  },
);

test.each([Buffer.from("pay"), "pay"])(
  "a body that a platform has kept is used: %j",
  async (rawBody) => {
    const request = pushing(["pay"], { rawBody });
    await buffer(request);
    expect(await read(request)).toBe("pay");
  },
);

const headers = { "content-length": "3" };
test.each([
  [{ headers }, ""],
  [{ headers, body: "pay" }, "pay"],
  [{ headers, body: Buffer.from("pay") }, "pay"],
  [{ headers, body: { amount: 1, of: [2, { a: null }] } }, '{"amount":1,"of":[2,{"a":null}]}'],
  [{ headers, body: Object.assign(Object.create(null), { amount: 1 }) }, '{"amount":1}'],
  [{ headers, body: { amount: 1 }, rawBody: '{ "amount": 1 }' }, '{ "amount": 1 }'],
  [{ headers, body: 12 }, "12"],
  // As azure-function-express has it.
  [{ headers, body: "pay", _readableState: { pipesCount: 0 } }, "pay"],
])("a request that is no stream has the body that it was given: %j", async (request, body) => {
  expect(await read(request)).toBe(body);
});

test.each([new Map([["amount", 1]]), new Blob(["pay"]), Readable.from(["pay"]), () => "pay"])(
  "a value that is no data is no body: %s",
  async (body) => {
    await expect(async () => read({ headers, body })).rejects.toThrow("read before the gate");
  },
);

test("a body that never ends is waited for as long as a server waits for a request", async () => {
  const server = (requestTimeout: number): object => ({ socket: { server: { requestTimeout } } });
  for (const [claims, afterMs] of [
    [{}, 300_000],
    [{ socket: null }, 300_000],
    [server(5_000), 5_000],
    [{ ...server(5_000), complete: true }, 5_000],
  ] as const) {
    const request = Object.assign(pushing([]), claims, { _read: () => {} });
    const outcome = read(request).catch((error: unknown) => error);
    await clock.advance(afterMs - 1);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(await outcome).toMatchObject({ code: "ERR_REISSUE_BODY_TIMEOUT", status: 408 });
    expect([request.listenerCount("readable"), request.listenerCount("close")]).toEqual([0, 0]);
  }
  const request = Object.assign(pushing(["late"]), server(0));
  expect(await read(request)).toBe("late");
  expect(clock.pending).toBe(0);
});
